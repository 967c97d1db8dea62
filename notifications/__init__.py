"""The flow from Teleport to Slack: keeps the messages about requests in line with Teleport.

Nothing in this package changes an access request.
"""

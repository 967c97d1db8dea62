"""People are told: what Teleport says, compared with what Slack shows, and the difference sent.

Nothing in here changes an access request.
"""

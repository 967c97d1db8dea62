"""The Web API: methods, their arguments, errors and rate limits.

See docs.slack.dev/reference/methods.
"""

"""The Web API: methods, their arguments, errors and limits.

See docs.slack.dev/reference/methods.
"""

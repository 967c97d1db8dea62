"""Block Kit: the shapes that Slack accepts, the values that users enter, and their defaults.

See docs.slack.dev/reference/block-kit. The stand-in rejects block types that aren't described
here, including types that Slack has added since.
"""

"""Block Kit: what Slack accepts, and the values that people enter.

See docs.slack.dev/reference/block-kit. Blocks that are not described here are refused, also
where Slack has added them since.
"""

"""Socket Mode: how envelopes reach the app, and its acks come back.

See docs.slack.dev/apis/events-api/using-socket-mode.
"""

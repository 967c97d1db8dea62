"""Socket Mode: sockets, the delivery of envelopes and the app's acks.

See docs.slack.dev/apis/events-api/using-socket-mode.
"""

"""A local stand-in for a Slack workspace with one app installed over Socket Mode.

It serves the Web API, the sockets, response urls and a page for people, keeps everything in
memory on one event loop, and refuses what Slack refuses. `sandbox.slack.server` starts it.
"""

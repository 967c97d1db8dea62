"""A Slack workspace with one app installed over Socket Mode: parts that several folders share.

It serves the Web API, the sockets, response URLs and a web page. It runs on one event loop, keeps
its state in memory and rejects the calls that Slack rejects. `sandbox.slack.server` starts it.
"""

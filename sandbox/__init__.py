"""The embedded stand-ins: a local Slack workspace, a local Teleport Auth Service, and a cast.

They refuse what the real ones refuse. The sandbox speaks to the bot over sockets only: it
starts the bot as a child process and never imports it.
"""

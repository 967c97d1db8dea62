"""Local stand-ins for Slack and Teleport, with a cast of users, and the bot as a child process.

The stand-ins reject the calls that the real servers reject. The sandbox talks to the bot over
sockets only and never imports it.
"""

"""Receive interactions from Bolt, ack them, run their handlers and send private responses."""

"""Connections to Slack and Teleport, and the capabilities of their servers."""

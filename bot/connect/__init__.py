"""Connections to Slack and Teleport, and what their servers support."""

"""Slack's messages, modals and Home tabs as HTML."""

"""Slack's JSON for messages and views, rendered as HTML for one reader."""

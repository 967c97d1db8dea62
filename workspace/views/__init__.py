"""Views: pure functions from models to Slack's blocks and texts."""

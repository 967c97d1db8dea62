"""The single sender of messages, its queue, and the rules for Slack's errors."""

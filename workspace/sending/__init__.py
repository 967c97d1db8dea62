"""The single sender of messages, its queue, and what Slack's errors mean."""

"""From planned messages to messages in Slack."""

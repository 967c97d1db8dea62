"""The Slack parts that both flows share: user directory, views and the only sender."""

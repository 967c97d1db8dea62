"""The acting user: the Teleport user of a Slack user, with locks, deny rules and permissions."""

"""Which Slack account belongs to which Teleport user, and names of hosts."""

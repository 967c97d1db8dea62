"""The work on access requests: keeps their messages in Slack in line with Teleport."""

"""The flow from a user's action in Slack to Teleport calls and a private response."""

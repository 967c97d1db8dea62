"""Request drafts, review policy and errors that users read."""

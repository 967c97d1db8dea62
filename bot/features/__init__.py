"""The table of features with their permissions, and which of them are available now."""

"""The calls that create, list, review, change and delete access requests."""

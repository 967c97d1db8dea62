"""The details of a request, for users with permission to see it."""

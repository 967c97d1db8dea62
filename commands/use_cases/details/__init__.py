"""The details of a request, for a user who can see it."""

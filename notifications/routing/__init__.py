"""Which channels and users get the messages of a request."""

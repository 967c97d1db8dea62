"""Lists of requests for the acting user."""

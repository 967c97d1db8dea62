"""What a user can request, and who can review it, as far as this can be told without a request."""

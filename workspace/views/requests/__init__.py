"""A request as one row of a list."""

"""Limits of calls: deadlines in seconds, and items per page."""

DEADLINE = 10.0
LONGEST_DEADLINE = 60.0
"""For plugin data, which has no pages: one response carries the records of all requests."""
PAGE_SIZE = 200

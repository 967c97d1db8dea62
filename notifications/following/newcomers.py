"""How many new objects of one user get high priority: the rest of a flood is backlog."""

from workspace.rate_limit import RateLimit

AT_ONCE = 10
_SECONDS_EACH = 6.0
"""Seconds after which one more object gets high priority."""


def newcomers() -> RateLimit:
    """Return the limit that decides, by user, whether a new object gets high priority."""
    return RateLimit(at_once=AT_ONCE, seconds_each=_SECONDS_EACH)

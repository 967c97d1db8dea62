"""How many events of one user go through: a few at once, and one more every few seconds."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

_REMEMBERED = 10_000
"""Keys; the most recent ones only."""


class RateLimit:
    """Counts events by key, such as a user, so that no key takes the share of the others."""

    def __init__(
        self, *, at_once: int, seconds_each: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._burst = at_once * seconds_each
        self._seconds_each = seconds_each
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()
        """By key: when as many events are allowed again as at the beginning."""

    def allow(self, key: str, events: int = 1) -> bool:
        """Count events of a key, and return whether all of them are within the limit."""
        now = self._clock()
        busy_until = max(now, self._full_at.pop(key, now))
        next_until = busy_until + events * self._seconds_each
        allowed = next_until <= now + self._burst
        self._full_at[key] = next_until if allowed else busy_until
        if len(self._full_at) > _REMEMBERED:
            self._full_at.popitem(last=False)
        return allowed

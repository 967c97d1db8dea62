"""Timers for moments of the wall clock, such as the expiry of an access request.

The wall clock can be set, and Slack's time can replace it (`bot/observe/clock.py`), while asyncio's
timers follow the monotonic clock. So no asyncio timer runs for longer than `_LONGEST_SLEEP`: after
that, the remaining time is computed again. One asyncio timer serves all keys.

A key has one moment; a later `set` replaces it. The heap keeps the replaced pairs until their
moment, since removing them would cost a search. `_moments` tells which pair is valid.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush

from notifications.workqueue.key import Key

_LONGEST_SLEEP = 30.0
"""Seconds until a change of the wall clock is noticed."""


class WallClockTimers:
    """Calls `due` with a key and its priority when the key's moment has come."""

    def __init__(self, due: Callable[[Key, bool], None], *, now: Callable[[], datetime]) -> None:
        self._due = due
        self._now = now
        self._moments: dict[Key, tuple[datetime, bool]] = {}
        self._heap: list[tuple[datetime, Key]] = []
        self._timer: asyncio.TimerHandle | None = None

    def set(self, key: Key, moment: datetime, *, high_priority: bool) -> None:
        known = self._moments.get(key)
        self._moments[key] = moment, high_priority
        if known is None or known[0] != moment:
            heappush(self._heap, (moment, key))
            self._restart()

    def discard(self, key: Key) -> None:
        self._moments.pop(key, None)

    def clear(self) -> None:
        self._moments.clear()
        self._heap.clear()
        self._restart()

    def _restart(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap:
            left = (self._heap[0][0] - self._now()).total_seconds()
            seconds = min(_LONGEST_SLEEP, max(0.0, left))
            self._timer = asyncio.get_running_loop().call_later(seconds, self._fire)

    def _fire(self) -> None:
        now = self._now()
        while self._heap and self._heap[0][0] <= now:
            moment, key = heappop(self._heap)
            known = self._moments.get(key)
            if known is not None and known[0] == moment:
                del self._moments[key]
                self._due(key, known[1])
        self._restart()

"""Keys that wait for a worker, in two priorities."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

from notifications.workqueue.key import Key

_FAIRNESS_INTERVAL = 4
"""One of so many turns goes to low priority, even if keys of high priority wait."""

HasCapacity: TypeAlias = Callable[[bool], bool]
"""Returns whether work of high (True) or low (False) priority can start now."""


class PriorityKeys:
    """Each key waits once, in the order of arrival. High priority goes first."""

    def __init__(self) -> None:
        self._high: OrderedDict[Key, None] = OrderedDict()
        self._low: OrderedDict[Key, None] = OrderedDict()
        self._turns = 0

    def __len__(self) -> int:
        return len(self._high) + len(self._low)

    def add(self, key: Key, *, high_priority: bool) -> None:
        """Add a key, or raise the priority of one that waits."""
        if high_priority:
            self._low.pop(key, None)
            self._high[key] = None
        elif key not in self._high:
            self._low[key] = None

    def pop(self, has_capacity: HasCapacity) -> tuple[Key, bool] | None:
        """Remove and return the next key and its priority; None if there is none for now."""
        high_first = self._turns % _FAIRNESS_INTERVAL != _FAIRNESS_INTERVAL - 1
        for high_priority in (high_first, not high_first):
            keys = self._high if high_priority else self._low
            if keys and has_capacity(high_priority):
                self._turns += 1
                key, _ = keys.popitem(last=False)
                return key, high_priority
        return None

    def clear(self) -> None:
        self._high.clear()
        self._low.clear()

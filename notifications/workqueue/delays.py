"""Keys that come back after a delay of the monotonic clock."""

import asyncio
from collections.abc import Callable

from notifications.workqueue.key import Key


class DelayedKeys:
    """Calls `due` with a key and its priority after the delay. Each key has one delay."""

    def __init__(self, due: Callable[[Key, bool], None]) -> None:
        self._due = due
        self._timers: dict[Key, tuple[asyncio.TimerHandle, bool]] = {}

    def __len__(self) -> int:
        return len(self._timers)

    def __contains__(self, key: Key) -> bool:
        return key in self._timers

    def set(self, key: Key, seconds: float, *, high_priority: bool) -> None:
        """Start a delay in place of an earlier one."""
        self.pop(key)
        timer = asyncio.get_running_loop().call_later(seconds, self._fire, key)
        self._timers[key] = timer, high_priority

    def pop(self, key: Key) -> bool | None:
        """End a delay early. Return the key's priority, None if it had no delay."""
        if (found := self._timers.pop(key, None)) is None:
            return None
        timer, high_priority = found
        timer.cancel()
        return high_priority

    def clear(self) -> None:
        for timer, _ in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _fire(self, key: Key) -> None:
        _, high_priority = self._timers.pop(key)
        self._due(key, high_priority)

"""Announcements of changes, and waits without polling.

A waiter checks its condition, then waits for the next announcement. Both happen without an `await`
in between, so no change is missed.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


class Changes:
    """Announces changes of the workspace to its waiters."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def announce(self) -> None:
        """Wake all waiters."""
        self.count += 1
        self._next.set()
        self._next = asyncio.Event()

    async def until(self, probe: Callable[[], Found | None], seconds: float | None) -> Found:
        """Wait until `probe` returns a value, and return it.

        Raises TimeoutError after the given seconds, if any.
        """
        async with asyncio.timeout(seconds):
            while (found := probe()) is None:
                await self._next.wait()
        return found

"""Waiting for something to happen without asking again and again."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


class Changes:
    """Announces that the state of the workspace changed, to whoever waits for it."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def announce(self) -> None:
        """Wake everybody who waits, to look again."""
        self.count += 1
        self._next.set()
        self._next = asyncio.Event()

    async def until(self, probe: Callable[[], Found | None], seconds: float) -> Found:
        """Wait until `probe` finds something and return it.

        Raises TimeoutError when it has found nothing for so many seconds.
        """
        async with asyncio.timeout(seconds):
            while (found := probe()) is None:
                await self._next.wait()
        return found

"""Locks by name. A lock disappears with its last holder."""

import asyncio
from weakref import WeakValueDictionary


class KeyedLock:
    """`async with one_at_a_time(name):` lets one in for each name."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __call__(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

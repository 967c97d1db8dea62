"""Reads that wait for the server's caches."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Value = TypeVar("Value")


async def eventually(read: Callable[[], Awaitable[Value]], holds: Callable[[Value], bool]) -> Value:
    """Read until the condition holds, for some seconds, and return the last result.

    A real server answers from caches, which lag behind its writes.
    """
    value = await read()
    for _ in range(100):
        if holds(value):
            break
        await asyncio.sleep(0.1)
        value = await read()
    return value

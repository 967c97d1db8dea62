"""The last look before a call leaves: a process that stood still may have lost its right to send.

A call waits for a connection, and a process may be stopped there, for longer than its lease. What
then goes on writes the call before any clock can stop it. So the right is asked once more when the
connection is there and nothing is written to it yet.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import aiohttp


class SendingStopped(Exception):
    """Another replica sends now. Nothing was sent."""


_may_send: ContextVar[Callable[[], bool] | None] = ContextVar("may_send", default=None)


@contextmanager
def fenced(may_send: Callable[[], bool]) -> Iterator[None]:
    """Ask `may_send` for each call that is made within. Such a call raises NotSending."""
    token = _may_send.set(may_send)
    try:
        yield
    finally:
        _may_send.reset(token)


def fence() -> aiohttp.TraceConfig:
    """Give what the session has to be made with, for `fenced` to have an effect."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(_check)
    trace.on_connection_reuseconn.append(_check)
    return trace


async def _check(_session: aiohttp.ClientSession, _context: object, _params: object) -> None:
    may_send = _may_send.get()
    if may_send is not None and not may_send():
        raise SendingStopped

"""A last check before a call is sent: a suspended process may have lost its permission to send.

A call waits for a connection, and the process can be suspended at that point for longer than its
lease. After it resumes, it would write the call before any clock could stop it. So the fence checks
the permission again when the connection is open, and immediately before the first byte: before
Python 3.12, aiohttp writes the headers and the body in a task, which starts a moment later.
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
    """Check `may_send` before each call in the block. A denied call raises SendingStopped."""
    token = _may_send.set(may_send)
    try:
        yield
    finally:
        _may_send.reset(token)


def fence() -> aiohttp.TraceConfig:
    """Return the arguments for a session in which `fenced` has an effect."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(_check)
    trace.on_connection_reuseconn.append(_check)
    trace.on_request_chunk_sent.append(_check)  # before the write, in spite of its name
    return trace


def is_stopped(error: BaseException) -> bool:
    """Return whether the fence denied a call. aiohttp wraps errors of a body's write."""
    return isinstance(error, SendingStopped) or isinstance(error.__cause__, SendingStopped)


async def _check(_session: aiohttp.ClientSession, _context: object, _params: object) -> None:
    may_send = _may_send.get()
    if may_send is not None and not may_send():
        raise SendingStopped

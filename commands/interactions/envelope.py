"""Let a response wait for the ack of its envelope.

Bolt sends the ack a moment after the listener called `ack`. A response that overtakes it is lost:
the view in a late ack replaces the view that the response has put into the form. The Socket Mode
client wraps each envelope in `envelope()`, and the responder awaits `ack_sent()` first. A context
variable connects the two, because tasks inherit it from their listener.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LONGEST_WAIT = 3.0
"""Seconds after which Slack ignores an ack."""

_sent: ContextVar[asyncio.Event | None] = ContextVar("ack_sent", default=None)


@contextmanager
def envelope() -> Iterator[None]:
    """Handle one envelope. After the block, its ack was sent or never will be."""
    sent = asyncio.Event()
    token = _sent.set(sent)
    try:
        yield
    finally:
        sent.set()
        _sent.reset(token)


async def ack_sent() -> None:
    """Wait until the ack of the current envelope was sent, or is too late for Slack."""
    sent = _sent.get()
    if sent is not None:
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                await sent.wait()
        except TimeoutError:
            return

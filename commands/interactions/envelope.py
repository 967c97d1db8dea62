"""Whether Slack has our ack of the envelope that is being handled.

Bolt sends an ack a moment after a listener has called for it. An answer that overtakes it would be
undone by it: the view that an ack carries replaces whatever the form shows by then.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LONGEST_WAIT = 3.0
"""Seconds after which Slack does not take an ack any more."""

_sent: ContextVar[asyncio.Event | None] = ContextVar("ack_sent", default=None)


@contextmanager
def envelope() -> Iterator[None]:
    """Handle one envelope: when the block is left, its ack is sent or never will be."""
    sent = asyncio.Event()
    token = _sent.set(sent)
    try:
        yield
    finally:
        sent.set()
        _sent.reset(token)


async def ack_sent() -> None:
    """Wait until the ack is out; tasks of a listener inherit which one is meant."""
    sent = _sent.get()
    if sent is not None:
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                await sent.wait()
        except TimeoutError:
            return

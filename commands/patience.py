"""Try again for as long as a person is willing to wait, and never twice what may harm."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TypeVar

import stamina

from teleport_client.errors import Sent, Unreachable

SECONDS = 10.0
"""For one command, click or form, whatever it takes in calls."""
ATTEMPT_SECONDS = 4.0
_LEAST_SECONDS = 0.1
_PAUSES = {"wait_initial": 0.2, "wait_max": 2.0, "wait_jitter": 0.2}

T = TypeVar("T")
_end: ContextVar[float | None] = ContextVar("end_of_patience", default=None)


@contextmanager
def one_act(seconds: float = SECONDS) -> Iterator[None]:
    """Bound all that is tried within the block."""
    token = _end.set(monotonic() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


async def patiently(call: Callable[[float], Awaitable[T]], *, harmless: bool = False) -> T:
    """Call with a deadline in seconds, and again while Teleport cannot be reached.

    A call that may have been done already is repeated only if that is `harmless`. When patience
    ends the last error is raised; it says if any of the calls may have been done.
    """
    left = max((_end.get() or monotonic() + SECONDS) - monotonic(), _LEAST_SECONDS)
    last: Unreachable | None = None
    perhaps_done = under_way = False

    def worth_it(error: Exception) -> bool:
        nonlocal last, perhaps_done, under_way
        under_way = False
        if not isinstance(error, Unreachable):
            return False
        last = error
        perhaps_done = perhaps_done or error.sent is Sent.PERHAPS
        return error.retry_safe or harmless

    try:
        async with asyncio.timeout(left):
            async for attempt in stamina.retry_context(
                on=worth_it, attempts=None, timeout=None, **_PAUSES
            ):
                with attempt:
                    under_way = True
                    return await call(ATTEMPT_SECONDS)
    except TimeoutError as error:
        last = last or Unreachable("Teleport did not answer in time")
        last.sent = Sent.PERHAPS if perhaps_done or under_way else last.sent
        raise last from error
    except Unreachable as error:
        error.sent = Sent.PERHAPS if perhaps_done else error.sent
        raise
    raise AssertionError("the last attempt either returns or raises")

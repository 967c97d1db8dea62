"""Try again for as long as a person is willing to wait, and never twice what may harm."""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import stamina

from teleport_client.errors import Sent, Unreachable

SECONDS = 10.0
ATTEMPT_SECONDS = 4.0
_PAUSES = {"wait_initial": 0.2, "wait_max": 2.0, "wait_jitter": 0.2}

T = TypeVar("T")


async def patiently(
    call: Callable[[float], Awaitable[T]],
    *,
    harmless: bool = False,
    seconds: float = SECONDS,
) -> T:
    """Call with a deadline in seconds, and again while Teleport cannot be reached.

    A call that may have been done already is repeated only if that is `harmless`. After `seconds`
    in all the last error is raised.
    """
    end = monotonic() + seconds
    perhaps_done = False

    def worth_it(error: Exception) -> bool:
        nonlocal perhaps_done
        if not isinstance(error, Unreachable):
            return False
        perhaps_done = perhaps_done or error.sent is Sent.PERHAPS
        return error.retry_safe or harmless

    try:
        async for attempt in stamina.retry_context(
            on=worth_it, attempts=None, timeout=seconds, **_PAUSES
        ):
            with attempt:
                left = max(end - monotonic(), 0.1)
                return await call(min(ATTEMPT_SECONDS, left))
    except Unreachable as error:
        if perhaps_done:
            error.sent = Sent.PERHAPS
        raise
    raise AssertionError("the last attempt either returns or raises")

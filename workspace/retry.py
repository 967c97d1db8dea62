"""Try again for as long as a person is willing to wait, and never twice what may harm."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TypeVar

import stamina
import structlog

from teleport_client.errors import Sent, Unreachable

INTERACTION_SECONDS = 10.0
"""For one command, click or form, whatever it takes in calls."""
ATTEMPT_SECONDS = 4.0
FORM_SECONDS = 1.5
"""For what a form waits for, to be opened or to be acked: Slack allows 3 s in all for either."""
_LEAST_SECONDS = 0.1
_BACKOFF = {"wait_initial": 0.2, "wait_max": 2.0, "wait_jitter": 0.2}

# Its own log lines quote the arguments; ours name the cause.
stamina.instrumentation.set_on_retry_hooks([])

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")
_deadline_at: ContextVar[float | None] = ContextVar("end_of_patience", default=None)


@contextmanager
def interaction_deadline(seconds: float = INTERACTION_SECONDS) -> Iterator[None]:
    """Bound all that is tried within the block."""
    token = _deadline_at.set(monotonic() + seconds)
    try:
        yield
    finally:
        _deadline_at.reset(token)


async def with_retry(call: Callable[[float], Awaitable[T]], *, idempotent: bool = False) -> T:
    """Call with a deadline in seconds, and again while Teleport cannot be reached.

    With `changes` the call does something that may be sent twice without harm. When patience ends
    the last error is raised, and its `sent` says whether anything can have been done by then.
    """
    left = max(
        (_deadline_at.get() or monotonic() + INTERACTION_SECONDS) - monotonic(), _LEAST_SECONDS
    )
    last = Unreachable("Teleport did not answer in time")
    perhaps_done = under_way = False

    def worth_it(error: Exception) -> bool:
        nonlocal last, perhaps_done, under_way
        if not isinstance(error, Unreachable):
            return False
        last, under_way = error, False
        perhaps_done = perhaps_done or error.sent is not Sent.NO
        again = idempotent or error.retry_safe
        log.warning(
            "teleport_call_unanswered", method=error.method, error=str(error), sent=error.sent,
            attempt=attempt.num, will_retry=again,
        )  # fmt: skip
        return again

    limit = asyncio.timeout(left)
    try:
        async with limit:
            async for attempt in stamina.retry_context(
                on=worth_it, attempts=None, timeout=None, **_BACKOFF
            ):
                with attempt:
                    under_way = True
                    return await call(ATTEMPT_SECONDS)
    except TimeoutError:
        if not limit.expired():
            raise
    except Unreachable as error:
        last = error
    last.sent = Sent.UNKNOWN if idempotent and (perhaps_done or under_way) else Sent.NO
    raise last

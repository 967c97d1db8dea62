"""Retry calls to Teleport within the deadline of an interaction.

A user waits for one response to a command or click, so one deadline covers all its calls:
`interaction_deadline` sets it, and a context variable carries it into each `with_retry`. Only
`Unreachable` is retried. A lost response can mean that Teleport has done the work, so a call that
changes something is repeated only if it is idempotent. The last error's `sent` shows whether the
work can have been done.
"""

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
"""For all calls of one command, click or form."""
ATTEMPT_SECONDS = 4.0
FORM_SECONDS = 1.5
"""For calls before a form opens or its ack is sent: Slack allows 3 s in all for either."""
_LEAST_SECONDS = 0.1
_BACKOFF = {"wait_initial": 0.2, "wait_max": 2.0, "wait_jitter": 0.2}

# Its log lines quote the arguments of the call. `teleport_call_unanswered` has the cause.
stamina.instrumentation.set_on_retry_hooks([])

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")
_deadline_at: ContextVar[float | None] = ContextVar("deadline_at", default=None)


@contextmanager
def interaction_deadline(seconds: float = INTERACTION_SECONDS) -> Iterator[None]:
    """Set the deadline for all calls within the block."""
    token = _deadline_at.set(monotonic() + seconds)
    try:
        yield
    finally:
        _deadline_at.reset(token)


async def with_retry(call: Callable[[float], Awaitable[T]], *, idempotent: bool = False) -> T:
    """Call with a timeout in seconds, and repeat the call while Teleport is unreachable.

    `idempotent` is for calls that change something and are safe to send twice. Reads are always
    repeated. After the deadline, the last error is raised.
    """
    left = max(
        (_deadline_at.get() or monotonic() + INTERACTION_SECONDS) - monotonic(), _LEAST_SECONDS
    )
    last = Unreachable("Teleport didn't respond in time")
    maybe_done = in_flight = False

    def should_retry(error: Exception) -> bool:
        nonlocal last, maybe_done, in_flight
        if not isinstance(error, Unreachable):
            return False
        last, in_flight = error, False
        maybe_done = maybe_done or error.sent is not Sent.NO
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
                on=should_retry, attempts=None, timeout=None, **_BACKOFF
            ):
                with attempt:
                    in_flight = True
                    return await call(ATTEMPT_SECONDS)
    except TimeoutError:
        if not limit.expired():
            raise
    except Unreachable as error:
        last = error
    last.sent = Sent.UNKNOWN if idempotent and (maybe_done or in_flight) else Sent.NO
    raise last

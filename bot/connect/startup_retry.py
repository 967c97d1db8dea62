"""Retries of a startup step until the start timeout.

stamina makes the attempts and the pauses between them. A pause that would end after the deadline
isn't made: the last error is raised at once instead, so that the bot can exit with its reason.
"""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import stamina

T = TypeVar("T")


async def retry_until(
    deadline_at: float,
    call: Callable[[], Awaitable[T]],
    *,
    pause_after: Callable[[Exception, float], float | None],
    report: Callable[[Exception, float], None],
    first_pause: float,
    max_pause: float,
) -> T:
    """Call until it succeeds, at most until `deadline_at` of the monotonic clock.

    `pause_after` gets an error and the seconds of the exponential backoff. It returns the seconds
    until the next attempt, or None if no attempt can change the error. `report` gets the same error
    and these seconds, if there is a next attempt. Otherwise the error is raised.
    """

    def next_pause(error: Exception) -> float | bool:
        seconds = pause_after(error, attempt.next_wait)
        if seconds is None or monotonic() + seconds > deadline_at:
            return False
        report(error, seconds)
        return seconds

    async for attempt in stamina.retry_context(
        on=next_pause,
        attempts=None,
        timeout=None,
        wait_initial=first_pause,
        wait_max=max_pause,
        wait_jitter=0.0,
    ):
        with attempt:
            return await call()
    raise AssertionError("stamina ends with a result or an error")

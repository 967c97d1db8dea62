"""Calls that are retried, for how long, and the resulting error."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import structlog

from teleport_client.errors import NotFound, Sent, TeleportError, Unreachable
from workspace.retry import interaction_deadline, with_retry

READ, CHANGE = "ListAccessRequests", "SubmitAccessReview"
BRIEFLY = 0.6
"""Seconds; enough for two attempts."""


def call_with_results(
    *responses: TeleportError | str,
) -> tuple[Callable[[float], Awaitable[str]], list[str]]:
    """Return a call with these results in order; it repeats the last one."""
    made: list[str] = []

    async def call(_deadline: float) -> str:
        response = responses[min(len(made), len(responses) - 1)]
        made.append(str(response))
        if isinstance(response, TeleportError):
            raise response
        return response

    return call, made


def gone(sent: Sent, method: str) -> Unreachable:
    return Unreachable("gone", method=method, sent=sent)


@pytest.mark.parametrize(
    ("sent", "method", "changes"),
    [
        (Sent.NO, READ, False),
        (Sent.UNKNOWN, READ, False),
        (Sent.NO, CHANGE, False),
        (Sent.NO, CHANGE, True),
        (Sent.UNKNOWN, CHANGE, True),
    ],
)
async def test_harmless_call_is_retried(sent: Sent, method: str, changes: bool) -> None:
    """A read is always retried. A change is retried if it never arrived or is idempotent."""
    call, made = call_with_results(gone(sent, method), "done")
    with interaction_deadline(BRIEFLY * 2):
        assert await with_retry(call, idempotent=changes) == "done"
    assert len(made) == 2


async def test_change_that_may_have_arrived_is_not_sent_twice() -> None:
    """The exception is a change that the caller marks as idempotent."""
    call, made = call_with_results(gone(Sent.UNKNOWN, CHANGE))
    with interaction_deadline(BRIEFLY), pytest.raises(Unreachable):
        await with_retry(call)
    assert len(made) == 1


async def test_every_failed_attempt_is_logged() -> None:
    """The log line has the cause, the attempt and whether another one follows."""
    call, _ = call_with_results(gone(Sent.NO, CHANGE), gone(Sent.UNKNOWN, CHANGE))
    with (
        structlog.testing.capture_logs() as logged,
        interaction_deadline(BRIEFLY * 2),
        pytest.raises(Unreachable),
    ):
        await with_retry(call)
    assert [(event["event"], event["attempt"], event["will_retry"]) for event in logged] == [
        ("teleport_call_unanswered", 1, True),
        ("teleport_call_unanswered", 2, False),
    ]
    assert {(event["method"], event["error"]) for event in logged} == {(CHANGE, "gone")}


async def test_rejection_by_teleport_is_not_retried() -> None:
    call, made = call_with_results(NotFound("no such request", method=READ, sent=Sent.REFUSED))
    with interaction_deadline(BRIEFLY), pytest.raises(NotFound):
        await with_retry(call)
    assert len(made) == 1


@pytest.mark.parametrize(
    ("responses", "changes", "sent"),
    [
        ((gone(Sent.NO, CHANGE),), True, Sent.NO),
        ((gone(Sent.UNKNOWN, CHANGE), gone(Sent.NO, CHANGE)), True, Sent.UNKNOWN),
        ((gone(Sent.UNKNOWN, READ),), False, Sent.NO),
    ],
)
async def test_final_error_shows_whether_a_change_may_have_happened(
    responses: tuple[TeleportError, ...], changes: bool, sent: Sent
) -> None:
    """Any of the attempts may have caused the change, not only the last."""
    call, _ = call_with_results(*responses)
    with interaction_deadline(BRIEFLY), pytest.raises(Unreachable) as last:
        await with_retry(call, idempotent=changes)
    assert last.value.sent is sent


async def test_timed_out_change_may_have_happened() -> None:
    """The deadline passed during the call."""

    async def hang(_deadline: float) -> None:
        await asyncio.Event().wait()

    with interaction_deadline(0.1), pytest.raises(Unreachable) as last:
        await with_retry(hang, idempotent=True)
    assert last.value.sent is Sent.UNKNOWN


async def test_calls_of_one_interaction_share_a_deadline() -> None:
    """The later calls get the time that the first one left."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    with interaction_deadline(BRIEFLY):
        for _ in range(10):
            call, _ = call_with_results(gone(Sent.NO, READ))
            with pytest.raises(Unreachable):
                await with_retry(call)
    assert loop.time() - started < BRIEFLY * 5


async def test_timeout_of_the_call_itself_is_raised() -> None:
    """Only the deadline of the interaction means that Teleport is unreachable."""

    async def call(_deadline: float) -> str:
        raise TimeoutError("of the call")

    with interaction_deadline(BRIEFLY), pytest.raises(TimeoutError, match="of the call"):
        await with_retry(call)

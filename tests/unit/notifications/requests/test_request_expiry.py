"""When a request that changes without an event is looked at again."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.requests.expiry import is_due, next_check
from teleport_client.model.access_request import AccessRequest, RequestState

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def request(state: RequestState, *, moment: datetime) -> AccessRequest:
    """Return a request that expires, or whose access ends, at a moment."""
    return AccessRequest(
        id="r", user="alice", roles=("dev",), state=state,
        expires=moment if state is RequestState.PENDING else NOW + timedelta(days=9),
        access_until=moment if state is RequestState.APPROVED else None,
    )  # fmt: skip


@pytest.mark.parametrize("state", [RequestState.PENDING, RequestState.APPROVED])
def test_request_is_checked_at_its_moment(state: RequestState) -> None:
    later = request(state, moment=NOW + SECOND)
    assert (is_due(later, NOW), next_check(later, NOW)) == (False, NOW + SECOND)
    assert is_due(later, NOW + SECOND)


def test_denied_request_has_no_moment() -> None:
    denied = request(RequestState.DENIED, moment=NOW)
    assert (is_due(denied, NOW), next_check(denied, NOW)) == (False, None)


@pytest.mark.parametrize(
    ("passed", "again"),
    [
        (timedelta(), 10 * SECOND),
        (20 * SECOND, 20 * SECOND),
        (40 * SECOND, 40 * SECOND),
        (timedelta(days=9), timedelta(minutes=5)),
    ],
)
def test_request_whose_moment_passed_is_checked_less_and_less(
    passed: timedelta, again: timedelta
) -> None:
    """Teleport still lists it: the bot's clock may be ahead."""
    overdue = request(RequestState.PENDING, moment=NOW - passed)
    assert (is_due(overdue, NOW), next_check(overdue, NOW)) == (True, NOW + again)

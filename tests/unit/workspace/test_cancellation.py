"""Cancellations that explain why a request is gone, and those that failed."""

from datetime import UTC, datetime, timedelta

import pytest

from workspace.requests.cancellation import Cancellation

AT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "explains"), [(-5, True), (0, True), (10, True), (59, True), (60, False)]
)
def test_cancellation_explains_a_deletion_right_after_it(seconds: int, explains: bool) -> None:
    """A request that is seen a minute later has outlived the attempt to delete it."""
    cancellation = Cancellation(by="alice", at=AT)
    assert cancellation.explains_deletion(AT + timedelta(seconds=seconds)) is explains


def test_cancellation_explains_a_deletion_while_no_bot_ran() -> None:
    assert Cancellation(by="alice", at=AT).explains_deletion(None)

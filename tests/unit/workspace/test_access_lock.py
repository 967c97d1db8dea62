"""The bot's locks on access requests."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given

from teleport_client.model.lock import Lock
from tests.samples import NOW, request
from tests.strategies import names
from workspace.requests.access_lock import LockAuthor, lock_author, lock_on, outlasts_access

HOUR = timedelta(hours=1)
APPROVED = request(access_until=NOW + HOUR)


@given(user=names)
@example(user="carol from Slack: I'm done")
def test_author_and_reason_are_read_back(user: str) -> None:
    """A user name with the words of the message itself names no other user."""
    assert lock_author(lock_on(APPROVED, user, "I'm done")) == LockAuthor(user, "I'm done")


def test_lock_of_a_request_is_always_the_same() -> None:
    first, second = lock_on(APPROVED, "alice", "a"), lock_on(APPROVED, "bob", "b")
    assert first.name == second.name
    assert first.expires == NOW + 2 * HOUR
    assert first.name != lock_on(replace(APPROVED, id="other"), "alice", "a").name


@pytest.mark.parametrize(
    "foreign",
    [
        replace(lock_on(APPROVED, "bob", "x"), name="8a54a8fa"),
        replace(lock_on(APPROVED, "bob", "x"), message="under review"),
        replace(lock_on(APPROVED, "bob", "x"), message="Locked by bob"),
    ],
)
def test_foreign_lock_has_no_author(foreign: Lock) -> None:
    assert lock_author(foreign) is None


@pytest.mark.parametrize(
    ("expires", "outlasts"), [(None, True), (NOW + HOUR, True), (NOW + HOUR / 2, False)]
)
def test_lock_has_to_last_as_long_as_the_access(expires: datetime | None, outlasts: bool) -> None:
    lock = replace(Lock(access_request=APPROVED.id), expires=expires)
    assert outlasts_access(lock, APPROVED) is outlasts
    assert not outlasts_access(Lock(expires=NOW), replace(APPROVED, access_until=None))

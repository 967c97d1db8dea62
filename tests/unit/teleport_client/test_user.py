"""Suspended Teleport users."""

from datetime import UTC, datetime, timedelta

import pytest

from teleport_client.model.user import User

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("user", "suspended"),
    [
        (User("a"), False),
        (User("a", locked=True), True),
        (User("a", locked=True, lock_expires=NOW + SECOND), True),
        (User("a", locked=True, lock_expires=NOW), False),
        (User("a", lock_expires=NOW + SECOND), False),
    ],
)
def test_user_is_suspended_until_the_lock_expires(user: User, suspended: bool) -> None:
    assert user.is_suspended(NOW) is suspended

"""Obstacles to a review, as far as the request itself shows them."""

from types import MappingProxyType
from typing import Any

import pytest

from commands.review_outcomes import obstacle_error
from commands.use_cases.acting_user.authorized_user import AuthorizedUser
from commands.use_cases.check_review import (
    RequestClosed,
    RequesterCannotReview,
    ReviewedBefore,
    obstacle_to,
)
from teleport_client.model.access_request import RequestState, Review
from teleport_client.model.user import User
from tests.samples import request
from tests.unit.commands.memory_services import MemoryServices
from workspace.directory.user_directory import LinkedUser

BOB = AuthorizedUser(
    LinkedUser("U0BOB00001", User("bob")),
    held=frozenset(),
    roles=(),
    denying_roles=(),
    locks=(),
    denials=MappingProxyType({}),
    unreadable=frozenset(),
    static_access=None,
)
APPROVED, DENIED = RequestState.APPROVED, RequestState.DENIED


@pytest.mark.parametrize("state", [APPROVED, DENIED, RequestState.PROMOTED])
def test_closed_request_cannot_be_reviewed(state: RequestState) -> None:
    """The response shows the resolution, so this obstacle comes before the others."""
    closed = request(user="bob", state=state, reviews=(Review("bob", state, ""),))
    assert obstacle_to(BOB, closed) == RequestClosed(closed)


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [
        ({"user": "bob"}, RequesterCannotReview(request(user="bob"))),
        ({"reviews": (Review("bob", DENIED, ""),)}, ReviewedBefore(DENIED)),
        ({"reviews": (Review("carol", APPROVED, ""),)}, None),
        ({}, None),
    ],
)
def test_pending_request_can_be_reviewed_once_by_other_users(
    changes: dict[str, Any], obstacle: object
) -> None:
    assert obstacle_to(BOB, request(**changes)) == obstacle


def test_requester_learns_who_can_review() -> None:
    """Teleport suggests reviewers, too, so the requester can be among them."""
    own = request(user="bob", suggested_reviewers=("bob", "carol", "dana"))
    error = obstacle_error(MemoryServices().services, RequesterCannotReview(own))
    assert error.text.endswith("Ask a suggested reviewer: carol and dana.")

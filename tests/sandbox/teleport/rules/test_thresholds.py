"""Counting reviews toward thresholds."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teleport.errors import LimitExceeded
from sandbox.teleport.rules.accounts import Account
from sandbox.teleport.rules.thresholds import DEFAULT_THRESHOLD, needed, resolution
from sandbox.teleport.state.resources import role
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    AccessRequestConditions,
    AccessRequestSpecV3,
    AccessReview,
    AccessReviewThreshold,
    RoleConditions,
    RoleV6,
    ThresholdIndexSet,
    ThresholdIndexSets,
)

votes = st.lists(st.booleans(), max_size=8)


def reviewed(
    thresholds: Sequence[AccessReviewThreshold],
    reviews: Sequence[tuple[bool, Sequence[int]]],
    sets: Sequence[Sequence[int]],
) -> AccessRequestSpecV3:
    """One role; each review approves or denies, and counts toward the thresholds listed."""
    index_sets = ThresholdIndexSets(Sets=[ThresholdIndexSet(Indexes=it) for it in sets])
    return AccessRequestSpecV3(
        Thresholds=thresholds,
        RoleThresholdMapping={"prod": index_sets},
        Reviews=[
            AccessReview(
                Author=f"reviewer-{number}",
                ProposedState=APPROVED if may_override else DENIED,
                ThresholdIndexes=indexes,
            )
            for number, (may_override, indexes) in enumerate(reviews)
        ],
    )


@given(cast=votes, approve=st.integers(1, 4), deny=st.integers(1, 4))
def test_one_threshold(cast: list[bool], approve: int, deny: int) -> None:
    """The first full count determines the state. The reason is that of its last review."""
    threshold = AccessReviewThreshold(Approve=approve, Deny=deny)
    request = reviewed([threshold], [(vote, [0]) for vote in cast], [[0]])
    decided = resolution(request)
    for number in range(1, len(cast) + 1):
        approvals = cast[:number].count(True)
        if approvals == approve or number - approvals == deny:
            assert decided is not None
            assert decided.state == (APPROVED if approvals == approve else DENIED)
            assert decided.review == request.Reviews[number - 1]
            return
    assert decided is None


@given(cast=votes)
def test_zero_never_triggers(cast: list[bool]) -> None:
    """A threshold of zero approvals and zero denials settles nothing."""
    request = reviewed([AccessReviewThreshold()], [(vote, [0]) for vote in cast], [[0]])
    assert resolution(request) is None


@given(cast=votes)
def test_reviews_that_match_nothing_count_for_nothing(cast: list[bool]) -> None:
    """A review without thresholds of its own leaves the request as it is."""
    request = reviewed([AccessReviewThreshold(Approve=1, Deny=1)], [(it, []) for it in cast], [[0]])
    assert resolution(request) is None


def test_one_threshold_of_a_set_is_enough() -> None:
    """Inside a set thresholds are alternatives."""
    thresholds = [AccessReviewThreshold(Approve=5), AccessReviewThreshold(Approve=1)]
    decided = resolution(reviewed(thresholds, [(True, [0, 1])], [[0, 1]]))
    assert decided is not None
    assert decided.state == APPROVED


def test_every_set_is_needed() -> None:
    """Between sets, and between roles, all must agree."""
    thresholds = [AccessReviewThreshold(Approve=1), AccessReviewThreshold(Approve=1)]
    request = reviewed(thresholds, [(True, [0])], [[0], [1]])
    assert resolution(request) is None
    request.Reviews.add(Author="x", ProposedState=APPROVED, ThresholdIndexes=[1])
    decided = resolution(request)
    assert decided is not None
    assert decided.review.Author == "x"


def test_any_denial_is_enough() -> None:
    """A denial counts as soon as it meets any threshold, regardless of the set."""
    thresholds = [AccessReviewThreshold(Approve=1, Deny=2), AccessReviewThreshold(Deny=1)]
    decided = resolution(reviewed(thresholds, [(False, [0, 1])], [[0], [1]]))
    assert decided is not None
    assert decided.state == DENIED


def offering(name: str, *thresholds: AccessReviewThreshold, roles: Sequence[str]) -> RoleV6:
    conditions = AccessRequestConditions(Roles=roles, Thresholds=thresholds)
    return role(name, RoleConditions(Request=conditions))


def test_sets_of_several_roles() -> None:
    """Every role that offers the requested one adds a set; equal thresholds are kept once."""
    twice = AccessReviewThreshold(Name="two", Approve=2, Deny=1)
    requester = Account(
        "alice",
        (
            offering("a", twice, roles=["prod"]),
            offering("b", roles=["prod", "staging"]),
            offering("c", twice, AccessReviewThreshold(Approve=9), roles=["st*"]),
            offering("d", roles=["other"]),
        ),
        {},
    )
    found = needed(requester, ["prod", "staging"])
    assert found.thresholds == (twice, DEFAULT_THRESHOLD, AccessReviewThreshold(Approve=9))
    indexes = {name: [list(it.Indexes) for it in sets.Sets] for name, sets in found.by_role.items()}
    assert indexes == {"prod": [[0], [1]], "staging": [[1], [0, 2]]}


def test_too_many_thresholds() -> None:
    """More than 4096 thresholds are refused."""
    many = [AccessReviewThreshold(Approve=number) for number in range(4097)]
    requester = Account("alice", (offering("a", *many, roles=["prod"]),), {})
    with pytest.raises(LimitExceeded, match=r"max review thresholds exceeded \(max=4096\)"):
        needed(requester, ["prod"])

"""Requests that can be reviewed from Slack, and their reviewers."""

from dataclasses import replace

import pytest
from hypothesis import given

from teleport_client.model.access_request import AccessRequest, RequestState, Threshold
from tests.strategies import requests
from workspace.requests.review_policy import ReviewMode, ReviewPolicy, UnknownRoles

ONE, TWO = Threshold(approve=1, deny=1), Threshold(approve=2, deny=1)
FILTERED = Threshold(approve=1, deny=1, filter='contains(reviewer.roles,"boss")')
OVERRIDING = ReviewPolicy(mode=ReviewMode.OVERRIDE, approvers={"*": ("bob", "role:lead")})


def make_request(*thresholds: Threshold, sets: tuple[tuple[int, ...], ...] = ()) -> AccessRequest:
    return AccessRequest(
        id="i", user="alice", roles=("staging",), state=RequestState.PENDING,
        thresholds=thresholds, role_thresholds={"staging": sets},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "mode"),
    [
        (make_request(), ReviewMode.OVERRIDE),
        (make_request(ONE, sets=((0,),)), ReviewMode.OVERRIDE),
        (make_request(TWO, sets=((0,),)), ReviewMode.NOTIFY),
        (make_request(FILTERED, sets=((0,),)), ReviewMode.NOTIFY),
        (make_request(ONE, TWO, sets=((0, 1),)), ReviewMode.OVERRIDE),
        (make_request(ONE, TWO, sets=((0,), (1,))), ReviewMode.NOTIFY),
        (make_request(Threshold(approve=1, deny=2), sets=((0,),)), ReviewMode.NOTIFY),
        (replace(make_request(), roles=()), ReviewMode.NOTIFY),
    ],
)
def test_only_single_approval_requests_are_overridden(
    request_: AccessRequest, mode: ReviewMode
) -> None:
    """Setting a state bypasses thresholds, so an override must not be easier than a review."""
    assert OVERRIDING.mode_of(request_) is mode


def test_request_without_approvers_is_not_overridden() -> None:
    """Every requested role needs an approver."""
    for approvers in ({}, {"prod": ("bob",)}, {"staging": (), "*": ("bob",)}):
        assert (
            ReviewPolicy(ReviewMode.OVERRIDE, approvers).mode_of(make_request())
            is ReviewMode.NOTIFY
        )


def test_link_only_role_is_only_linked() -> None:
    """It holds in every mode that reviews in Slack."""
    for mode, expected in (
        (ReviewMode.PERSON, ReviewMode.NOTIFY),
        (ReviewMode.OVERRIDE, ReviewMode.NOTIFY),
        (ReviewMode.OFF, ReviewMode.OFF),
    ):
        deciding = ReviewPolicy(mode, {"*": ("bob",)}, link_only=frozenset({"staging"}))
        assert deciding.mode_of(make_request()) is expected


def test_unknown_limited_role_limits_all_roles() -> None:
    """The misspelled name can mean any role."""
    unknown = UnknownRoles(frozenset({"stagign"}))
    linked = ReviewPolicy(link_only=frozenset({"stagign", "prod"}), unknown=unknown)
    approvers = {"stagign": ("carol",), "*": ("bob",)}
    overriding = ReviewPolicy(ReviewMode.OVERRIDE, approvers, unknown=unknown)
    assert linked.mode_of(make_request()) is ReviewMode.NOTIFY
    assert overriding.mode_of(make_request()) is ReviewMode.NOTIFY
    assert not overriding.may_override("bob", frozenset(), make_request())
    unknown.roles = frozenset()
    assert linked.mode_of(make_request()) is ReviewMode.PERSON
    assert overriding.may_override("bob", frozenset(), make_request())


@given(requests())
def test_requester_cannot_override(request: AccessRequest) -> None:
    deciding = ReviewPolicy(ReviewMode.OVERRIDE, {"*": (request.user, "role:r")})
    assert not deciding.may_override(request.user, frozenset({"r"}), request)
    assert deciding.may_override(f"{request.user}x", frozenset({"r"}), request)
    assert not deciding.may_override(f"{request.user}x", frozenset({"role:r"}), request)
    nothing = replace(request, roles=())
    assert not deciding.may_override(f"{request.user}x", frozenset({"r"}), nothing)


def test_roles_that_make_an_approver_are_named() -> None:
    """A user whom the settings name needs none of them."""
    held = frozenset({"lead", "dev"})
    assert OVERRIDING.approving_roles("eve", held, make_request()) == ["lead"]
    assert OVERRIDING.approving_roles("bob", held, make_request()) == []

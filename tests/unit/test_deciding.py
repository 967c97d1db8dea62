"""Which requests are decided from Slack, and by whom."""

from dataclasses import replace

import pytest
from hypothesis import given

from teleport_client.access_request import AccessRequest, RequestState, Threshold
from tests.strategies import requests
from workspace.deciding import Deciding, Mode, UnknownRoles

ONE, TWO = Threshold(approve=1, deny=1), Threshold(approve=2, deny=1)
FILTERED = Threshold(approve=1, deny=1, filter='contains(reviewer.roles,"boss")')
OVERRIDING = Deciding(mode=Mode.OVERRIDE, approvers={"*": ("bob", "role:lead")})


def asked(*thresholds: Threshold, sets: tuple[tuple[int, ...], ...] = ()) -> AccessRequest:
    return AccessRequest(
        id="i", user="alice", roles=("staging",), state=RequestState.PENDING,
        thresholds=thresholds, role_thresholds={"staging": sets},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "mode"),
    [
        (asked(), Mode.OVERRIDE),
        (asked(ONE, sets=((0,),)), Mode.OVERRIDE),
        (asked(TWO, sets=((0,),)), Mode.NOTIFY),
        (asked(FILTERED, sets=((0,),)), Mode.NOTIFY),
        (asked(ONE, TWO, sets=((0, 1),)), Mode.OVERRIDE),
        (asked(ONE, TWO, sets=((0,), (1,))), Mode.NOTIFY),
        (asked(Threshold(approve=1, deny=2), sets=((0,),)), Mode.NOTIFY),
        (replace(asked(), roles=()), Mode.NOTIFY),
    ],
)
def test_only_what_one_approval_would_decide_is_overridden(
    request_: AccessRequest, mode: Mode
) -> None:
    """Setting a state asks no threshold, so nothing may be decided more easily than by review."""
    assert OVERRIDING.mode_of(request_) is mode


def test_without_approvers_nothing_is_overridden() -> None:
    """For any of its roles."""
    for approvers in ({}, {"prod": ("bob",)}, {"staging": (), "*": ("bob",)}):
        assert Deciding(Mode.OVERRIDE, approvers).mode_of(asked()) is Mode.NOTIFY


def test_some_roles_are_only_linked_to() -> None:
    """In whatever mode, except where nothing is decided from Slack at all."""
    for mode, expected in (
        (Mode.PERSON, Mode.NOTIFY), (Mode.OVERRIDE, Mode.NOTIFY), (Mode.OFF, Mode.OFF)
    ):  # fmt: skip
        deciding = Deciding(mode, {"*": ("bob",)}, link_only=frozenset({"staging"}))
        assert deciding.mode_of(asked()) is expected


def test_unknown_limited_role_limits_all_roles() -> None:
    """Its name may be any role's, misspelled."""
    unknown = UnknownRoles(frozenset({"stagign"}))
    linked = Deciding(link_only=frozenset({"stagign", "prod"}), unknown=unknown)
    approvers = {"stagign": ("carol",), "*": ("bob",)}
    overriding = Deciding(Mode.OVERRIDE, approvers, unknown=unknown)
    assert linked.mode_of(asked()) is Mode.NOTIFY
    assert overriding.mode_of(asked()) is Mode.NOTIFY
    assert not overriding.approves("bob", frozenset(), asked())
    unknown.roles = frozenset()
    assert linked.mode_of(asked()) is Mode.PERSON
    assert overriding.approves("bob", frozenset(), asked())


@given(requests())
def test_nobody_overrides_their_own_request(request: AccessRequest) -> None:
    """However they are named."""
    deciding = Deciding(Mode.OVERRIDE, {"*": (request.user, "role:r")})
    assert not deciding.approves(request.user, frozenset({"r"}), request)
    assert deciding.approves(f"{request.user}x", frozenset({"r"}), request)
    assert not deciding.approves(f"{request.user}x", frozenset({"role:r"}), request)
    nothing = replace(request, roles=())
    assert not deciding.approves(f"{request.user}x", frozenset({"r"}), nothing)

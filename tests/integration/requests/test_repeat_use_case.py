"""Users request the same access again, without a bot."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commands.use_cases.create_request import AlreadyPending, Created
from commands.use_cases.repeat_request import OnlyRecorded, Repeated, repeat_request
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import moment
from teleport_client._proto.types_pb2 import (
    RequestState,
    ResourceAccessID,
    ResourceConstraints,
    ResourceID,
    SSHResourceConstraints,
)
from tests.integration.commands.use_cases import ALICE, BOB, UseCases, use_cases
from tests.integration.request_factory import pending_request
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.requests.user_error import UserError

GONE = "0190c0de-0000-7000-8000-00000000abcd"


@pytest.fixture
async def cases(slack: SlackStandIn, teleport: TeleportStandIn) -> AsyncIterator[UseCases]:
    async with use_cases(slack, teleport) as ready:
        yield ready


def denied(teleport: TeleportStandIn, *roles: str, hours: float = 2) -> str:
    """Return the ID of a denied request of alice."""
    request = pending_request(teleport, state=RequestState.DENIED, reason="redis is stuck")
    request.Spec.Roles[:] = roles or ("staging",)
    end = moment(request.Spec.Created) + timedelta(hours=hours)
    request.Spec.Expires.FromDatetime(end)
    request.Spec.MaxDuration.CopyFrom(request.Spec.Expires)
    teleport.cluster.requests.put(request)
    return request.Metadata.Name


async def test_same_access_is_requested_again(cases: UseCases, teleport: TeleportStandIn) -> None:
    """It is a pending request of its own, with the reason and the duration of the old one."""
    repeated = await repeat_request(cases.services, ALICE, denied(teleport))
    assert isinstance(repeated, Repeated)
    assert isinstance(repeated.outcome, Created)
    request = repeated.outcome.request
    assert (request.pending, request.roles, request.reason) == (
        True,
        ("staging",),
        "redis is stuck",
    )
    assert request.created is not None
    assert request.access_until is not None
    assert abs(request.access_until - request.created - timedelta(hours=2)) < timedelta(seconds=5)


async def test_second_click_finds_the_pending_request(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    old = denied(teleport)
    first = await repeat_request(cases.services, ALICE, old)
    second = await repeat_request(cases.services, ALICE, old)
    assert isinstance(first, Repeated)
    assert isinstance(second, Repeated)
    assert isinstance(first.outcome, Created)
    assert isinstance(second.outcome, AlreadyPending)
    assert second.outcome.request.id == first.outcome.request.id


async def test_role_that_the_user_lost_is_left_out(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    repeated = await repeat_request(cases.services, ALICE, denied(teleport, "staging", "admin"))
    assert isinstance(repeated, Repeated)
    assert repeated.left_out == ("admin",)
    assert isinstance(repeated.outcome, Created)
    assert repeated.outcome.request.roles == ("staging",)
    with pytest.raises(UserError, match="You can't request admin any more"):
        await repeat_request(cases.services, ALICE, denied(teleport, "admin"))


async def test_request_of_another_user_is_not_repeated(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    with pytest.raises(UserError, match="There's no request"):
        await repeat_request(cases.services, BOB, denied(teleport))


async def test_limited_resources_are_not_requested_without_the_limit(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    limited = ResourceAccessID(
        id=ResourceID(ClusterName="main", Kind="node", Name=GONE),
        constraints=ResourceConstraints(version="v1", ssh=SSHResourceConstraints(logins=["web"])),
    )
    request = pending_request(teleport, state=RequestState.DENIED, resources=[limited])
    with pytest.raises(UserError, match="can't repeat such limits"):
        await repeat_request(cases.services, ALICE, request.Metadata.Name)


async def test_request_for_resources_keeps_its_roles(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """Without them, Teleport would select all roles that apply."""
    nodes = {node.Spec.Hostname: node.Metadata.Name for node in teleport.cluster.nodes}
    wanted = [
        ResourceAccessID(id=ResourceID(ClusterName="main", Kind="node", Name=nodes[name]))
        for name in ("staging-db", "prod-db")
    ]
    request = pending_request(teleport, state=RequestState.DENIED, resources=wanted, reason="x")
    repeated = await repeat_request(cases.services, ALICE, request.Metadata.Name)
    assert isinstance(repeated, Repeated)
    assert isinstance(repeated.outcome, Created)
    assert repeated.outcome.request.roles == ("staging",)
    assert len(repeated.outcome.request.resources) == 2


@pytest.mark.parametrize(("seconds", "minutes"), [(25, 0), (59, 1), (90, 1), (119, 2), (7200, 120)])
async def test_access_never_lasts_longer_than_before(
    cases: UseCases, teleport: TeleportStandIn, seconds: int, minutes: int
) -> None:
    """A second is the difference between two readings of Teleport's clock."""
    old = denied(teleport, hours=seconds / 3600)
    if not minutes:
        with pytest.raises(UserError, match="less than a minute"):
            await repeat_request(cases.services, ALICE, old)
        return
    repeated = await repeat_request(cases.services, ALICE, old)
    assert isinstance(repeated, Repeated)
    assert isinstance(repeated.outcome, Created)
    assert repeated.outcome.draft.duration == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "narrow", [{"resources": ("node/db-1",)}, {"constrained": True}, {"incomplete": True}]
)
async def test_record_of_narrower_access_is_not_repeated(
    cases: UseCases, narrow: dict[str, Any]
) -> None:
    """The form would offer the whole role."""

    async def recorded(request_id: str) -> CardModel | None:
        return CardModel(request_id, "alice", ("staging",), Status.DENIED, **narrow)

    services = replace(cases.services, recorded_card=recorded)
    with pytest.raises(UserError, match="doesn't contain enough"):
        await repeat_request(services, ALICE, GONE)


async def test_record_fills_the_draft_of_a_deleted_request(cases: UseCases) -> None:
    """Only for its requester, and marked as incomplete."""

    async def recorded(request_id: str) -> CardModel | None:
        return CardModel(request_id, "alice", ("staging",), Status.DELETED, reason="redis")

    services = replace(cases.services, recorded_card=recorded)
    repeated = await repeat_request(services, ALICE, GONE)
    assert isinstance(repeated, OnlyRecorded)
    assert (repeated.draft.roles, repeated.draft.reason) == (("staging",), "redis")
    assert repeated.draft.truncated
    with pytest.raises(UserError, match="There's no request"):
        await repeat_request(services, BOB, GONE)
    with pytest.raises(UserError, match="There's no request"):
        await repeat_request(cases.services, ALICE, GONE)

"""Users cancel their own pending requests, without a bot."""

from collections.abc import AsyncIterator

import grpc
import pytest

from commands.use_cases.cancel_request import (
    Cancelled,
    CancelOutcome,
    CannotDelete,
    NotOwnRequest,
    cancel_request,
)
from commands.use_cases.check_review import RequestClosed
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.commands.use_cases import ALICE, BOB, UseCases, use_cases
from tests.integration.request_factory import pending_request
from workspace.requests.cancellation import KEY, PLUGIN, Cancellation, cancellation_from
from workspace.requests.user_error import UserError


@pytest.fixture
async def cases(slack: SlackStandIn, teleport: TeleportStandIn) -> AsyncIterator[UseCases]:
    async with use_cases(slack, teleport) as ready:
        yield ready


async def cancel(cases: UseCases, request_id: str, slack_user_id: str = ALICE) -> CancelOutcome:
    return await cancel_request(cases.services, slack_user_id, request_id)


async def recorded(cases: UseCases, request_id: str) -> Cancellation | None:
    stored = await cases.services.teleport.plugin_data.list(PLUGIN, request_id=request_id)
    return cancellation_from(stored.get(request_id, {}).get(KEY, ""))


async def test_requester_cancels_a_pending_request(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """The record of it outlives the request, and the bot's cards follow at once."""
    request_id = pending_request(teleport).Metadata.Name
    assert isinstance(await cancel(cases, request_id), Cancelled)
    assert request_id not in teleport.cluster.requests
    record = await recorded(cases, request_id)
    assert record is not None
    assert record.by == "alice"
    assert cases.changed == [request_id]


async def test_request_of_another_user_is_not_cancelled(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """A user who can't see the request doesn't learn that it exists."""
    visible = pending_request(teleport).Metadata.Name
    assert isinstance(await cancel(cases, visible, BOB), NotOwnRequest)
    hidden = pending_request(teleport, user="carol").Metadata.Name
    with pytest.raises(UserError, match="There's no request"):
        await cancel(cases, hidden, ALICE)
    assert {visible, hidden} <= set(teleport.cluster.requests)


@pytest.mark.parametrize("state", [RequestState.APPROVED, RequestState.DENIED])
async def test_resolved_request_is_not_cancelled(
    cases: UseCases, teleport: TeleportStandIn, state: RequestState.ValueType
) -> None:
    request_id = pending_request(teleport, state=state).Metadata.Name
    assert isinstance(await cancel(cases, request_id), RequestClosed)
    assert request_id in teleport.cluster.requests
    assert await recorded(cases, request_id) is None


async def test_denied_deletion_leaves_no_record(cases: UseCases, teleport: TeleportStandIn) -> None:
    """Otherwise a later deletion by an administrator would look like a cancellation."""
    request_id = pending_request(teleport).Metadata.Name
    teleport.faults.add("DeleteAccessRequest", grpc.StatusCode.PERMISSION_DENIED)
    assert isinstance(await cancel(cases, request_id), CannotDelete)
    assert request_id in teleport.cluster.requests
    assert await recorded(cases, request_id) is None


async def test_lost_response_to_a_deletion_counts_as_cancelled(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    request_id = pending_request(teleport).Metadata.Name
    teleport.faults.add("DeleteAccessRequest", grpc.StatusCode.UNAVAILABLE, after_commit=True)
    assert isinstance(await cancel(cases, request_id), Cancelled)
    assert request_id not in teleport.cluster.requests

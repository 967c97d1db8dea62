"""Approvals with options that would grant more than requested, or skip a confirmation."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from commands.use_cases.submit_review import ProposedReview, ReviewRejected, submit_review
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import rule
from teleport_client._proto.types_pb2 import AccessRequestV3, LockTarget
from teleport_client._proto.types_pb2 import RequestState as StoredState
from teleport_client.model.access_request import RequestState
from tests.integration.commands.use_cases import BOB, use_cases
from tests.integration.raw_payloads import deliver, form_of_bob
from tests.integration.request_factory import pending_request
from tests.integration.reviews.inputs import community, errors, moment, text
from tests.integration.slack_driver import Stage
from workspace.requests.review_policy import ReviewPolicy
from workspace.views.modals.review_input import ReviewFormMetadata


def in_hours(hours: int) -> datetime:
    return (datetime.now(UTC) + timedelta(hours=hours)).replace(second=0, microsecond=0)


def approval(stage: Stage, request: AccessRequestV3, **values: Any) -> dict[str, Any]:
    """Return a submission of a form for this request, with any values."""
    review = ReviewFormMetadata(request.Metadata.Name, approve=True, already_visible=True)
    return form_of_bob(stage, "review_form", review.to_json(), **values)


@pytest.fixture
async def overriding(slack: SlackStandIn, tmp_path: Path) -> AsyncIterator[Stage]:
    async with community(slack, tmp_path, 'confirm_roles = ["prod"]') as stage:
        yield stage


async def test_approver_grants_no_earlier_start_than_requested(overriding: Stage) -> None:
    await _try_earlier_start(overriding)


async def test_reviewer_grants_no_earlier_start_than_requested(stage: Stage) -> None:
    await _try_earlier_start(stage)


async def _try_earlier_start(stage: Stage) -> None:
    """The end stays, so the access would last longer. A slow Teleport skips no check."""
    await stage.type("alice", "/teleport-request staging for 1h from in 3 hours because redis 1")
    card = await stage.card("redis 1")
    (request,) = stage.requests
    requested = request.Spec.AssumeStartTime
    await stage.click("bob", card, "approve_with")
    form = await stage.form("bob", "review_form")
    done = await stage.submit("bob", form, start=moment(in_hours(1)))
    assert "The requester asked for access from" in errors(done)["start"]
    stage.teleport.faults.add("ListAccessRequests", delay=1.5, times=1)
    await stage.submit("bob", form, start=moment(in_hours(1)))
    await stage.response("bob", "The requester asked for a later start.")
    spec = stage.request(request.Metadata.Name).Spec
    assert spec.State == StoredState.PENDING
    assert spec.AssumeStartTime == requested
    await stage.click("bob", card, "approve_with")
    form = await stage.form("bob", "review_form")
    await stage.submit("bob", form, start=moment(requested.ToDatetime(UTC) + timedelta(minutes=9)))
    await stage.response("bob", "You approved")


@pytest.mark.parametrize(
    "values",
    [
        {"grant_1": {"selected_options": []}},
        {"grant_7": {"selected_options": [{"value": "admin"}]}},
        {"grant_0": {"selected_options": [{"value": "staging"}, {"value": "admin"}]}},
    ],
    ids=["none", "another role", "one more role"],
)
async def test_forged_selection_grants_nothing(overriding: Stage, values: dict[str, Any]) -> None:
    """No selection isn't the selection of all roles."""
    request, _ = await overriding.create_request("alice", "staging prod", "redis 1")
    forged = approval(overriding, request, confirm_0=text("prod"), **values)
    reply = await deliver(overriding, forged)
    if not reply.payload:
        await overriding.dm("bob", "no longer has all roles that you selected")
    assert overriding.request(request.Metadata.Name).Spec.State == StoredState.PENDING


async def test_selection_skips_no_confirmation_where_teleport_grants_all_roles(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """In mode person a selection has no effect.

    The bot can't read bob's roles, so it can't tell whether bob sees the request: Teleport decides.
    """
    request = pending_request(teleport, role="staging")
    request.Spec.Roles.append("prod")
    teleport.cluster.requests.put(request)
    teleport.cluster.roles["teleport-chatops"].Spec.Deny.Rules.append(rule("role", "read"))
    policy = ReviewPolicy(confirm_roles=frozenset({"prod"}))
    async with use_cases(slack, teleport, review_policy=policy) as cases:
        review = ProposedReview(request.Metadata.Name, RequestState.APPROVED, roles=("staging",))
        for each in (review, replace(review, already_visible=True)):
            assert isinstance(await submit_review(cases.services, BOB, each), ReviewRejected)
    assert not teleport.cluster.requests[request.Metadata.Name].Spec.Reviews


async def test_locked_user_gets_no_errors_about_the_request(overriding: Stage) -> None:
    """The form was opened before the lock. An error at a field would describe the request."""
    request, card = await overriding.create_request("alice", "prod", "shard 1")
    await overriding.click("bob", card, "approve")
    form = await overriding.form("bob", "review_form")
    overriding.teleport.cluster.lock(LockTarget(User="bob"))
    done = await overriding.submit("bob", form, confirm_0=text("nope"))
    assert not errors(done)
    await overriding.response("bob", "is locked")
    assert overriding.request(request.Metadata.Name).Spec.State == StoredState.PENDING

"""The outcome values of a review, without a bot."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
import structlog

from commands.use_cases.acting_user.authorized_user import FILL_IN_REVIEW
from commands.use_cases.check_review import (
    Obstacle,
    OnlyInTeleport,
    RequestClosed,
    RequesterCannotReview,
    ReviewedBefore,
    check_review,
)
from commands.use_cases.submit_review import (
    NotCounted,
    ProposedReview,
    Reviewed,
    ReviewOutcome,
    ReviewRejected,
    submit_review,
)
from sandbox.cast import SLACK_TRAIT
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state import resources
from teleport_client._proto.types_pb2 import AccessReviewConditions, RoleConditions
from teleport_client._proto.types_pb2 import RequestState as StoredState
from teleport_client.errors import OnBehalfNotAllowed
from teleport_client.model.access_request import AccessRequest, RequestState
from tests.integration.commands.use_cases import ALICE, BOB, CAROL, UseCases, use_cases
from tests.integration.request_factory import pending_request, with_state
from workspace.requests.claim import KEY, PLUGIN, Claim, claim_from
from workspace.requests.review_policy import ReviewMode, ReviewPolicy
from workspace.requests.user_error import UserError

APPROVED, DENIED = RequestState.APPROVED, RequestState.DENIED
GONE = "0190c0de-0000-7000-8000-00000000abcd"


@pytest.fixture
async def cases(slack: SlackStandIn, teleport: TeleportStandIn) -> AsyncIterator[UseCases]:
    async with use_cases(slack, teleport) as ready:
        yield ready


@pytest.fixture
async def community(tmp_path: Path) -> AsyncIterator[TeleportStandIn]:
    """Yield a cluster that accepts no reviews from the bot."""
    stand_in = await TeleportStandIn.start(tmp_path, edition=Edition.COMMUNITY)
    yield stand_in
    await stand_in.stop()


async def review(
    cases: UseCases,
    request_id: str,
    state: RequestState = APPROVED,
    *,
    by: str = BOB,
    reason: str = "",
    visible: bool = True,
) -> ReviewOutcome:
    proposed = ProposedReview(request_id, state, reason, already_visible=visible)
    return await submit_review(cases.services, by, proposed)


def rejection(outcome: ReviewOutcome) -> str:
    assert isinstance(outcome, ReviewRejected), outcome
    return outcome.error.reason


@pytest.mark.parametrize("state", [APPROVED, DENIED])
async def test_review_is_recorded(
    cases: UseCases, teleport: TeleportStandIn, state: RequestState
) -> None:
    request_id = pending_request(teleport).Metadata.Name
    outcome = await review(cases, request_id, state, reason="ok")
    assert isinstance(outcome, Reviewed)
    assert (outcome.state, outcome.request.state) == (state, state)
    (recorded,) = outcome.request.reviews
    assert (recorded.author, recorded.reason) == ("bob", "ok")
    assert cases.changed == [request_id]
    bound = structlog.contextvars.get_contextvars()
    assert (bound["request_id"], bound["proposed_state"]) == (request_id, state)


async def test_requester_cannot_review(cases: UseCases, teleport: TeleportStandIn) -> None:
    """The request shows it, so Teleport isn't asked."""
    request_id = pending_request(teleport).Metadata.Name
    outcome = await review(cases, request_id, by=ALICE)
    assert isinstance(outcome, RequesterCannotReview)
    assert cases.changed == []
    assert not teleport.journal.of("SubmitAccessReview")


async def test_second_review_meets_the_closed_request(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    request_id = pending_request(teleport).Metadata.Name
    await review(cases, request_id)
    outcome = await review(cases, request_id, DENIED, by=CAROL)
    assert isinstance(outcome, RequestClosed)
    assert outcome.request.state is APPROVED
    assert cases.changed == [request_id]


async def test_user_reviews_a_request_once(cases: UseCases, teleport: TeleportStandIn) -> None:
    """The request needs two approvals."""
    stored = pending_request(teleport)
    stored.Spec.Thresholds[0].Approve = 2
    teleport.cluster.requests.put(stored)
    request_id = stored.Metadata.Name
    assert isinstance(await review(cases, request_id), Reviewed)
    assert await review(cases, request_id, DENIED) == ReviewedBefore(APPROVED)


async def test_review_that_meets_no_filter_is_not_counted(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    stored = pending_request(teleport)
    stored.Spec.Thresholds[0].Filter = 'contains(reviewer.roles, "admin")'
    teleport.cluster.requests.put(stored)
    outcome = await review(cases, stored.Metadata.Name)
    assert isinstance(outcome, NotCounted)
    assert outcome.request.pending
    assert cases.changed == [stored.Metadata.Name]


async def test_link_only_role_is_reviewed_only_in_teleport(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    request_id = pending_request(teleport).Metadata.Name
    policy = ReviewPolicy(link_only=frozenset({"staging"}))
    async with use_cases(slack, teleport, review_policy=policy) as cases:
        assert await review(cases, request_id) == OnlyInTeleport(request_id)


async def test_disabled_reviews_are_rejected(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    policy = ReviewPolicy(mode=ReviewMode.OFF)
    async with use_cases(slack, teleport, review_policy=policy) as cases:
        assert rejection(await review(cases, GONE)) == "reviews_off"


async def test_long_reason_is_rejected(cases: UseCases) -> None:
    assert rejection(await review(cases, GONE, reason="x" * 5000)) == "reason_too_long"


async def test_invisible_request_looks_like_a_deleted_one(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """Alice can review no request of another user."""
    request_id = pending_request(teleport, user="carol").Metadata.Name
    hidden = await review(cases, request_id, by=ALICE, visible=False)
    gone = await review(cases, GONE, by=ALICE, visible=False)
    assert (rejection(hidden), rejection(gone)) == ("no_such_request", "no_such_request")


async def test_rejected_bot_counts_a_rejection(cases: UseCases, teleport: TeleportStandIn) -> None:
    request_id = pending_request(teleport).Metadata.Name
    teleport.faults.add(
        "SubmitAccessReview",
        grpc.StatusCode.PERMISSION_DENIED,
        details="bot cannot submit reviews on behalf of bob",
    )
    with pytest.raises(OnBehalfNotAllowed):
        await review(cases, request_id)
    assert len(cases.rejections) == 1
    assert cases.services.on_behalf.problem
    assert isinstance(await review(cases, request_id), Reviewed)
    assert not cases.services.on_behalf.problem


async def test_lost_response_is_recognized_as_success(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    request_id = pending_request(teleport).Metadata.Name
    teleport.faults.add("SubmitAccessReview", grpc.StatusCode.UNAVAILABLE, after_commit=True)
    outcome = await review(cases, request_id, reason="ok")
    assert isinstance(outcome, Reviewed)
    assert len(outcome.request.reviews) == 1


@pytest.mark.parametrize(
    ("by", "state", "age", "claimed"),
    [
        ("carol", APPROVED, timedelta(), True),
        ("carol", APPROVED, timedelta(seconds=25), True),
        ("carol", APPROVED, timedelta(seconds=35), False),
        ("bob", APPROVED, timedelta(), False),
        ("bob", DENIED, timedelta(), True),
    ],
)
async def test_recent_claim_of_another_resolution_is_in_force(
    slack: SlackStandIn,
    community: TeleportStandIn,
    by: str,
    state: RequestState,
    age: timedelta,
    claimed: bool,
) -> None:
    """Bob approves in mode `override`. His own earlier attempt doesn't stop him."""
    request_id = pending_request(community).Metadata.Name
    async with use_cases(slack, community, review_policy=_override({"*": ("bob",)})) as cases:
        claim = Claim(by=by, state=state, at=cases.services.now() - age)
        await cases.services.teleport.plugin_data.update(
            PLUGIN, request_id, change={KEY: claim.model_dump_json()}, expect={}
        )
        outcome = await review(cases, request_id)
    if claimed:
        assert rejection(outcome) == "claimed"
    else:
        assert isinstance(outcome, Reviewed)
        assert outcome.request.resolve_reason == "approved by bob from Slack"


@pytest.mark.parametrize("stored", ["", "not a claim"])
async def test_override_records_its_claim(
    slack: SlackStandIn, community: TeleportStandIn, stored: str
) -> None:
    """Text that isn't a claim is ignored."""
    request_id = pending_request(community).Metadata.Name
    async with use_cases(slack, community, review_policy=_override({"*": ("bob",)})) as cases:
        client = cases.services.teleport
        if stored:
            await client.plugin_data.update(PLUGIN, request_id, change={KEY: stored}, expect={})
        with structlog.testing.capture_logs() as logged:
            assert isinstance(await review(cases, request_id, DENIED, reason="no"), Reviewed)
        data = await client.plugin_data.list(PLUGIN, request_id=request_id)
    claim = claim_from(data[request_id][KEY])
    assert claim is not None
    assert (claim.by, claim.state) == ("bob", DENIED)
    (event,) = (each for each in logged if each["event"] == "request_state_set")
    assert (event["state"], event["teleport_user"]) == (DENIED, "bob")


@pytest.mark.parametrize("after_commit", [True, False])
async def test_override_survives_a_lost_response(
    slack: SlackStandIn, community: TeleportStandIn, after_commit: bool
) -> None:
    request_id = pending_request(community).Metadata.Name
    community.faults.add(
        "SetAccessRequestState", grpc.StatusCode.UNAVAILABLE, after_commit=after_commit
    )
    async with use_cases(slack, community, review_policy=_override({"*": ("bob",)})) as cases:
        outcome = await review(cases, request_id)
    assert isinstance(outcome, Reviewed)
    assert outcome.request.state is APPROVED
    assert len(community.journal.of("SetAccessRequestState")) == 2 - after_commit


async def test_override_keeps_a_concurrent_resolution(
    slack: SlackStandIn, community: TeleportStandIn
) -> None:
    """An admin denies the request with tctl after the bot has read it."""
    stored = pending_request(community)
    community.faults.add("UpdatePluginData", delay=0.3)
    async with use_cases(slack, community, review_policy=_override({"*": ("bob",)})) as cases:
        approving = asyncio.create_task(review(cases, stored.Metadata.Name))
        await community.journal.wait_for_call("UpdatePluginData")
        community.cluster.requests.put(with_state(stored, StoredState.DENIED))
        outcome = await approving
    assert isinstance(outcome, RequestClosed)
    assert outcome.request.state is DENIED
    assert cases.changed == []
    assert not community.journal.of("SetAccessRequestState")


async def test_override_is_for_approvers(slack: SlackStandIn, community: TeleportStandIn) -> None:
    """Other users don't even learn that the request exists, unless they see its card."""
    request_id = pending_request(community).Metadata.Name
    async with use_cases(slack, community, review_policy=_override({"*": ("carol",)})) as cases:
        assert rejection(await review(cases, request_id)) == "not_an_approver"
        hidden = await review(cases, request_id, visible=False)
        assert rejection(hidden) == "no_such_request"


async def test_check_before_a_form_finds_the_obstacle(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """Alice has no role that reviews, and Bob has."""
    own, other = pending_request(teleport), pending_request(teleport, user="carol")
    obstacle = await _check(cases, ALICE, own.Metadata.Name)
    assert isinstance(obstacle, RequesterCannotReview)
    checked = await _check(cases, BOB, other.Metadata.Name)
    assert isinstance(checked, AccessRequest)
    assert checked.id == other.Metadata.Name
    hidden = other.Metadata.Name
    assert await _check_fails(cases, ALICE, hidden) == "cannot_review"
    assert await _check_fails(cases, ALICE, hidden, visible=False) == "no_such_request"
    assert await _check_fails(cases, ALICE, GONE) == "no_such_request"


async def test_check_before_a_form_applies_the_review_policy(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    request_id = pending_request(teleport).Metadata.Name
    policy = ReviewPolicy(link_only=frozenset({"staging"}))
    async with use_cases(slack, teleport, review_policy=policy) as cases:
        assert await _check(cases, BOB, request_id) == OnlyInTeleport(request_id)
    async with use_cases(slack, teleport, review_policy=_override({"*": ("carol",)})) as cases:
        assert await _check_fails(cases, BOB, request_id) == "not_an_approver"
        assert isinstance(await _check(cases, CAROL, request_id), AccessRequest)


@pytest.mark.parametrize(
    ("deny", "reason"),
    [
        (RoleConditions(Rules=[resources.rule("access_request", "update")]), "denied"),
        (RoleConditions(ReviewRequests=AccessReviewConditions(Roles=["*"])), "cannot_review"),
    ],
)
async def test_deny_rules_count_for_approvers(
    slack: SlackStandIn, community: TeleportStandIn, deny: RoleConditions, reason: str
) -> None:
    """Teleport checks the bot's roles, not the approver's."""
    community.cluster.put_role(resources.role("denying", deny=deny))
    community.cluster.add_user("bob", ["dev", "reviewer", "denying"], {SLACK_TRAIT: [BOB]})
    request_id = pending_request(community).Metadata.Name
    async with use_cases(slack, community, review_policy=_override({"*": ("bob",)})) as cases:
        assert await _check_fails(cases, BOB, request_id) == reason
        assert rejection(await review(cases, request_id)) == reason
    assert not community.journal.of("SetAccessRequestState")


async def _check(
    cases: UseCases, slack_user_id: str, request_id: str, *, visible: bool = True
) -> AccessRequest | Obstacle:
    user = await cases.services.authorize(slack_user_id, FILL_IN_REVIEW)
    return await check_review(cases.services, user, request_id, already_visible=visible)


async def _check_fails(
    cases: UseCases, slack_user_id: str, request_id: str, *, visible: bool = True
) -> str:
    with pytest.raises(UserError) as raised:
        await _check(cases, slack_user_id, request_id, visible=visible)
    return raised.value.reason


def _override(approvers: Mapping[str, tuple[str, ...]]) -> ReviewPolicy:
    return ReviewPolicy(mode=ReviewMode.OVERRIDE, approvers=approvers)

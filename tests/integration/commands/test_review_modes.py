"""Reviews on servers that accept reviews from the bot, and overrides on other servers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.authservice_pb2 import RequestStateSetter
from teleport_client._proto.types_pb2 import APPROVED, DENIED
from teleport_client._proto.types_pb2 import RequestState as WireState
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.model.access_request import RequestState
from teleport_client.transport.dialer import dial
from tests.integration.clusters import run_cluster
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import with_state
from tests.integration.slack_driver import Stage, buttons, decisions, words
from workspace.requests.claim import Claim

PLUGIN = "teleport-chatops"


@pytest.fixture
async def community(slack: SlackStandIn, tmp_path: Path) -> AsyncIterator[Stage]:
    async with run_cluster(slack, tmp_path, Edition.COMMUNITY) as (stage, log):
        assert log.all("review_mode_selected")[0]["mode"] == "override"
        yield stage


async def claim(
    stage: Stage,
    request_id: str,
    user: str,
    state: RequestState,
    age: timedelta = timedelta(),
) -> None:
    """Record a claim, as a bot does before it sets a state."""
    made = Claim(by=user, state=state, at=datetime.now(UTC) - age)
    credentials = load_identity_file(stage.teleport.identity("bot"), datetime.now(UTC))
    async with TeleportClient(dial(stage.teleport.address, lambda: credentials)) as client:
        await client.plugin_data.update(
            PLUGIN, request_id, change={"decision": made.model_dump_json()}, expect={}
        )


async def test_community_approver_resolves_by_the_settings(community: Stage) -> None:
    """The card and the notice show the approver."""
    request, card = await community.create_request("alice", "prod", "redis 1")
    await community.click("bob", card, "approve")
    await community.card_where(card["ts"], lambda m: "✅ Approved by bob" in words(m))
    await community.dm("alice", "was approved by bob")
    (call,) = community.teleport.journal.of("SetAccessRequestState")
    assert isinstance(call.request, RequestStateSetter)
    assert call.request.Delegator == "bob"
    assert community.request(request.Metadata.Name).Spec.State == APPROVED


async def test_resolve_reason_contains_reason_and_approver(community: Stage) -> None:
    """Teleport stores a single text."""
    request, card = await community.create_request("alice", "staging", "redis 1")
    request_id = request.Metadata.Name
    await community.type("carol", f"/teleport-deny {request_id} not today")
    await community.card_where(
        card["ts"], lambda m: "⛔ Denied by carol" in words(m) and "not today" in words(m)
    )
    assert "from Slack" not in words(community.cards())
    assert community.request(request_id).Spec.State == DENIED


@pytest.mark.parametrize("claimed_by", ["", "bob"])
async def test_approver_without_a_claim_is_not_shown(community: Stage, claimed_by: str) -> None:
    """Every user with permission to resolve requests can write such a reason with tctl."""
    request, card = await community.create_request("alice", "staging", "redis 1")
    if claimed_by:
        await claim(community, request.Metadata.Name, claimed_by, RequestState.APPROVED)
    forged = with_state(request, WireState.APPROVED)
    forged.Spec.ResolveReason = "approved by carol from Slack: sure"
    community.teleport.cluster.requests.put(forged)
    shown = await community.card_where(card["ts"], lambda m: "Approved from Slack" in words(m))
    assert "carol" not in words(shown)
    assert "sure" in words(shown)


@pytest.mark.parametrize(
    ("who", "expected"),
    [("alice", "review your own request"), ("dana", "You aren't an approver for")],
)
async def test_other_users_cannot_resolve(community: Stage, who: str, expected: str) -> None:
    """Neither the requester nor users outside of the settings can, not even administrators."""
    _, card = await community.create_request("alice", "staging", "redis 1")
    for action in ("deny", "approve"):
        await community.click(who, card, action)
        await community.response(who, expected)
    assert not community.teleport.journal.of("SetAccessRequestState")


async def test_simultaneous_resolutions_store_the_first(community: Stage) -> None:
    """A state can still change from approved to denied. The second user gets an error."""
    request, _ = await community.create_request("alice", "staging", "redis 1")
    request_id = request.Metadata.Name
    await asyncio.gather(
        community.type("bob", f"/teleport-approve {request_id}"),
        community.type("carol", f"/teleport-deny {request_id} no"),
    )
    responses = [words(await community.response(who, "")) for who in ("bob", "carol")]
    done = ["You approved" in responses[0], "You denied" in responses[1]]
    assert sorted(done) == [False, True]
    assert len(community.teleport.journal.of("SetAccessRequestState")) == 1
    final = community.request(request_id).Spec.State
    assert final == (APPROVED if done[0] else DENIED)


@pytest.mark.parametrize(
    ("age", "taken"), [(timedelta(seconds=5), False), (timedelta(seconds=31), True)]
)
async def test_abandoned_claim_is_taken_over(
    community: Stage, age: timedelta, *, taken: bool
) -> None:
    """Before half a minute has passed, its owner can still be working."""
    request, card = await community.create_request("alice", "staging", "redis 1")
    request_id = request.Metadata.Name
    await claim(community, request_id, "carol", RequestState.DENIED, age)
    await community.click("bob", card, "approve")
    if taken:
        await community.card_where(card["ts"], lambda m: "Approved by bob" in words(m))
    else:
        await community.response("bob", "is reviewing this request right now")
        assert not community.teleport.journal.of("SetAccessRequestState")


@pytest.mark.parametrize("verb", ["deny", "approve"])
async def test_concurrent_resolution_is_not_overwritten(community: Stage, verb: str) -> None:
    """A repeated denial would revert the approval. The card must not attribute it to bob either."""
    request, _ = await community.create_request("alice", "staging", "redis 1")
    request_id = request.Metadata.Name
    community.teleport.faults.add(
        "SetAccessRequestState", grpc.StatusCode.UNAVAILABLE, delay=0.5, details="Socket closed"
    )
    await community.type("bob", f"/teleport-{verb} {request_id} not now")
    await community.teleport.journal.wait_for_call("SetAccessRequestState")
    community.teleport.cluster.requests.put(with_state(request, WireState.APPROVED))
    await community.response("bob", "was already")
    assert community.request(request_id).Spec.State == APPROVED
    assert not community.request(request_id).Spec.ResolveReason


async def test_denial_during_an_approval_by_the_same_user_is_rejected(community: Stage) -> None:
    request, _ = await community.create_request("alice", "staging", "redis 1")
    request_id = request.Metadata.Name
    community.teleport.faults.add("SetAccessRequestState", delay=0.5)
    await community.type("bob", f"/teleport-approve {request_id}")
    await community.teleport.journal.wait_for_call("SetAccessRequestState")
    await community.type("bob", f"/teleport-deny {request_id} no")
    await community.response("bob", "is reviewing this request right now")
    await community.response("bob", "You approved")
    assert community.request(request_id).Spec.State == APPROVED


async def test_approvers_see_requests_by_the_settings(community: Stage) -> None:
    """The edition has no review rules. Other users don't see these requests."""
    request, _ = await community.create_request("alice", "staging", "redis 1")
    await community.type("bob", "/teleport-pending reviewable")
    listed = await community.response("bob", request.Metadata.Name[-8:])
    assert "approve" in buttons(listed)
    await community.type("dana", "/teleport-pending reviewable")
    await community.response("dana", "No requests are waiting for your review")


async def test_older_enterprise_overrides_single_approvals(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """Requests with two approvals are resolved in Teleport, and the card shows this."""
    async with run_cluster(slack, tmp_path, Edition.ENTERPRISE, "17.4.0") as (stage, log):
        assert log.all("review_mode_selected")[0]["mode"] == "override"
        _, staging = await stage.create_request("alice", "staging", "redis 1")
        await stage.click("bob", staging, "approve")
        await stage.card_where(staging["ts"], lambda m: "Approved by bob" in words(m))
        await stage.type("alice", "/teleport-request prod because redis 2")
        prod = await stage.card("redis 2")
        assert not decisions(prod)
        assert "Review it in Teleport" in words(prod)
        request_id = next(
            r.Metadata.Name for r in stage.requests if "redis 2" in r.Spec.RequestReason
        )
        await stage.type("bob", f"/teleport-approve {request_id}")
        await stage.response("bob", "can't be reviewed from Slack")
        assert len(stage.teleport.journal.of("SetAccessRequestState")) == 1


async def test_approvers_can_be_holders_of_a_role(slack: SlackStandIn, tmp_path: Path) -> None:
    """The current holders can approve, without a change of the settings."""

    def approve_by_role(text: str) -> str:
        return text.replace('["bob", "carol"]', '["role:reviewer"]')

    async with run_cluster(slack, tmp_path, Edition.COMMUNITY, change=approve_by_role) as (
        stage,
        _,
    ):
        _, card = await stage.create_request("alice", "staging", "redis 1")
        await stage.click("dana", card, "approve")
        await stage.response("dana", "You aren't an approver for")
        await stage.click("bob", card, "approve")
        await stage.card_where(card["ts"], lambda m: "Approved by bob" in words(m))


async def test_link_only_roles_are_not_reviewed_in_slack(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """The link remains even if Teleport accepts reviews from the bot."""

    def set_link_only(text: str) -> str:
        return text.replace("[review]\n", '[review]\nlink_only_roles = ["prod"]\n')

    async with run_cluster(slack, tmp_path, Edition.ENTERPRISE, change=set_link_only) as (
        stage,
        log,
    ):
        assert log.all("review_mode_selected")[0]["mode"] == "person"
        await stage.type("alice", "/teleport-request prod because redis 1")
        card = await stage.card("redis 1")
        assert not decisions(card)
        assert "Review it in Teleport" in words(card)


async def test_missing_permission_to_submit_reviews_is_reported(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The bot's role lacks `submit_for_users`, so no button would work."""
    role = teleport.cluster.roles["teleport-chatops"]
    del role.Spec.Allow.ReviewRequests.SubmitForUsers[:]
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
            (found,) = log.all("review_mode_selected")
            assert (found["mode"], "submit_for_users" in found["reason"]) == ("notify", True)
            await stage.type("alice", "/teleport-request staging because redis 1")
            assert not decisions(await stage.card("redis 1"))


@pytest.mark.parametrize(
    ("resource", "missing"),
    [
        ("lock", ["lock: list", "lock: read"]),
        ("role", ["role: list", "role: read"]),
        ("user_login_state", ["user_login_state: read"]),
    ],
)
async def test_startup_log_names_missing_permissions_to_check_users(
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    settings_file: Path,
    resource: str,
    missing: list[str],
) -> None:
    allow = teleport.cluster.roles["teleport-chatops"].Spec.Allow
    kept = [rule for rule in allow.Rules if resource not in rule.Resources]
    del allow.Rules[:]
    allow.Rules.extend(kept)
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file):
            (entry,) = [e for e in log.all("feature_disabled") if e["feature"] == "user_checks"]
            assert entry["reason"] == f"the bot's role lacks {', '.join(missing)}"

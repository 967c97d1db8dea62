"""The bot does nothing for a user that Teleport would refuse that user."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import login_state, role, rule
from teleport_client._proto.types_pb2 import (
    PENDING,
    AccessReviewConditions,
    LockTarget,
    RoleConditions,
    RoleV6,
)
from tests.integration.clusters import run_cluster
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, words

Change = Callable[[TeleportStandIn], object]


def deny(name: str, *verbs: str, where: str = "") -> RoleV6:
    """Return a role without permissions that denies verbs on access requests."""
    rules = rule("access_request", *verbs)
    rules.Where = where
    return role(name, deny=RoleConditions(Rules=[rules]))


def give(teleport: TeleportStandIn, user: str, extra: RoleV6) -> None:
    teleport.cluster.roles[extra.Metadata.Name] = extra
    teleport.cluster.users[user].Spec.Roles.append(extra.Metadata.Name)


def give_at_login(teleport: TeleportStandIn, user: str, extra: RoleV6) -> None:
    """Grant a role in the login state only, like an access list."""
    teleport.cluster.roles[extra.Metadata.Name] = extra
    held = (*teleport.cluster.users[user].Spec.Roles, extra.Metadata.Name)
    teleport.cluster.login_states[user] = login_state(user, held)


def forbid(resource: str) -> Change:
    """Remove the bot's permission to read these resources."""

    def change(teleport: TeleportStandIn) -> None:
        denied = teleport.cluster.roles["teleport-chatops"].Spec.Deny
        denied.Rules.append(rule(resource, "list", "read"))

    return change


# ------------------------------------------------------------------- requests


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (LockTarget(User="alice"), "Your Teleport user alice is locked (on leave)."),
        (LockTarget(Role="prod-requester"), "One of your Teleport roles is locked (on leave)."),
        (LockTarget(Role="from-list"), "One of your Teleport roles is locked (on leave)."),
        (LockTarget(User="alice", Login="root"), "Your Teleport user alice is locked (on leave)."),
        (
            LockTarget(User="bob", Role="prod-requester"),
            "One of your Teleport roles is locked (on leave).",
        ),
    ],
)
async def test_locked_user_requests_and_lists_nothing(
    stage: Stage, target: LockTarget, sentence: str
) -> None:
    """The lock can be on a role, on an access list's role, or have more targets."""
    give_at_login(stage.teleport, "alice", role("from-list"))
    pending_request(stage.teleport, reason="redis 1")
    await stage.card("redis 1")
    stage.teleport.cluster.lock(target, message="on leave")
    await stage.type("alice", "/teleport-request staging because x")
    await stage.response("alice", f"{sentence} Nothing was requested. Ask a Teleport administrator")
    await stage.type("alice", "/teleport-pending mine")
    await stage.response("alice", f"{sentence} Ask a Teleport administrator to remove the lock.")
    assert len(stage.requests) == 1
    assert not stage.teleport.journal.of("CreateAccessRequestV2")


async def test_user_can_request_again_when_the_lock_ends(stage: Stage) -> None:
    """Expired locks and locks on another user, role or login don't count."""
    held = stage.teleport.cluster
    held.lock(LockTarget(User="alice"), expires=held.now() - timedelta(seconds=1))
    held.lock(LockTarget(User="bob"))
    held.lock(LockTarget(Role="reviewer"))
    held.lock(LockTarget(Login="alice"))
    await stage.create_request("alice", "staging", "redis 1")


@pytest.mark.parametrize("grant", [give, give_at_login])
async def test_deny_rule_on_create_rejects_requests(
    stage: Stage, grant: Callable[[TeleportStandIn, str, RoleV6], None]
) -> None:
    """Teleport stores them, because it checks the rules of the caller, the bot."""
    await stage.create_request("alice", "staging", "redis 1")
    grant(stage.teleport, "alice", deny("contractor", "create"))
    await stage.type("alice", "/teleport-request prod because x")
    await stage.response(
        "alice", "Your Teleport role contractor doesn't let you request access. Nothing was"
    )
    await stage.type("alice", "/teleport-pending mine")
    await stage.response("alice", "redis 1")
    assert len(stage.requests) == 1


async def test_deny_rule_with_a_condition_counts(stage: Stage) -> None:
    """The bot can't evaluate it, and the user can still use tsh."""
    give(stage.teleport, "alice", deny("contractor", "*", where='equals(user.metadata.name, "x")'))
    await stage.type("alice", "/teleport-request staging because x")
    await stage.response("alice", "contractor has a deny rule with a condition that the bot can't")
    assert stage.requests == []


@pytest.mark.parametrize("verb", ["list", "read"])
async def test_deny_rule_on_list_or_read_hides_requests(stage: Stage, verb: str) -> None:
    """Cover own requests, others' requests and partial IDs. Teleport checks both verbs together."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    give(stage.teleport, "bob", deny("contractor", verb))
    refused = "Your Teleport role contractor doesn't let you"
    request_id = request.Metadata.Name
    for command in ("pending", "approve", f"approve {request_id[-8:]}", f"deny {request_id} no"):
        await stage.type("bob", f"/teleport-{command}")
    await stage.click("bob", card, "approve")
    await stage.click("bob", card, "deny")
    await stage.slack.message_where(
        "access-requests",
        "bob",
        lambda _: len(private(stage, "bob")) == 6,
    )
    for message in private(stage, "bob"):
        assert refused in words(message)
        assert "redis 1" not in words(message)
    assert not stage.request(request_id).Spec.Reviews


async def test_user_without_list_permission_can_create(stage: Stage) -> None:
    """The response doesn't show a pending duplicate."""
    pending_request(stage.teleport, reason="redis 1")
    give(stage.teleport, "alice", deny("contractor", "list"))
    await stage.type("alice", "/teleport-request staging because redis 2")
    await stage.card("redis 2")


async def test_link_is_reread_before_a_request(stage: Stage) -> None:
    """An administrator has just removed it."""
    await stage.create_request("alice", "staging", "redis 1")
    del stage.teleport.cluster.users["alice"].Spec.Traits.Values["slack_uid"]
    await stage.type("alice", "/teleport-request prod because x")
    await stage.response("alice", "isn't linked to a Teleport user yet")
    assert len(stage.requests) == 1


async def test_link_that_moves_to_another_user_counts_at_once(stage: Stage) -> None:
    await stage.create_request("alice", "staging", "redis 1")
    del stage.teleport.cluster.users["alice"].Spec.Traits.Values["slack_uid"]
    stage.teleport.cluster.add_user("alice2", ["dev"], {"slack_uid": ["U0ALICE001"]})
    request, _ = await stage.create_request("alice", "staging", "redis 2")
    assert request.Spec.User == "alice2"


@pytest.mark.parametrize(
    ("resource", "missing"),
    [
        ("lock", "add list and read on lock"),
        ("role", "add read on role"),
        ("user_login_state", "add read on user_login_state"),
    ],
)
async def test_bot_that_cannot_check_users_creates_no_requests(
    slack: SlackStandIn, tmp_path: Path, resource: str, missing: str
) -> None:
    """The bot can't know Teleport's decision for this user."""
    prepare = forbid(resource)
    async with run_cluster(slack, tmp_path, Edition.ENTERPRISE, prepare=prepare) as (stage, log):
        for command in ("request staging because x", "pending", "pending mine"):
            await stage.type("alice", f"/teleport-{command}")
            await stage.response("alice", f"{missing} to the bot's role")
        assert stage.requests == []
        assert log.all("user_check_failed")[0]["resource"] == resource


async def test_check_is_retried_when_teleport_does_not_respond(stage: Stage) -> None:
    """The check is never skipped."""
    stage.teleport.cluster.lock(LockTarget(User="alice"))
    for method in ("GetUserLoginState", "GetRole", "GetLocks"):
        stage.teleport.faults.add(method, grpc.StatusCode.UNAVAILABLE)
    await stage.type("alice", "/teleport-request staging because x")
    await stage.response("alice", "Your Teleport user alice is locked")
    assert stage.requests == []


# -------------------------------------------------------------------- reviews


@pytest.mark.parametrize(
    ("target", "whom"),
    [
        (LockTarget(User="bob"), "Your Teleport user bob is locked (on leave)"),
        (LockTarget(Role="reviewer"), "One of your Teleport roles is locked (on leave)"),
    ],
)
async def test_locked_reviewer_neither_reviews_nor_reads(
    stage: Stage, target: LockTarget, whom: str
) -> None:
    """Other users' reasons are as private as in Teleport."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    request_id = request.Metadata.Name
    stage.teleport.cluster.lock(target, message="on leave")
    await stage.click("bob", card, "approve")
    await stage.response("bob", f"{whom}. Nothing changed. Ask a Teleport administrator to remove")
    for command in (f"deny {request_id} no", f"deny {request_id}", "approve", "pending"):
        await stage.type("bob", f"/teleport-{command}")
    await stage.slack.message_where(
        "access-requests",
        "bob",
        lambda _: len(private(stage, "bob")) == 5,
    )
    for message in private(stage, "bob"):
        assert whom in words(message)
        assert "redis 1" not in words(message)
    assert not stage.request(request_id).Spec.Reviews


@pytest.mark.parametrize("edition", Edition)
async def test_locked_reviewer_is_rejected_in_every_mode(
    slack: SlackStandIn, tmp_path: Path, edition: Edition
) -> None:
    """In mode `override` Teleport doesn't check the reviewer."""
    async with run_cluster(slack, tmp_path, edition) as (stage, _):
        request, card = await stage.create_request("alice", "staging", "redis 1")
        stage.teleport.cluster.lock(LockTarget(User="bob"))
        await stage.click("bob", card, "approve")
        await stage.response("bob", "Your Teleport user bob is locked. Nothing changed.")
        assert stage.request(request.Metadata.Name).Spec.State == PENDING
        await stage.click("carol", card, "approve")
        await stage.card_where(card["ts"], lambda m: "Approved" in words(m))


async def test_expired_and_foreign_locks_do_not_stop_a_reviewer(stage: Stage) -> None:
    _, card = await stage.create_request("alice", "staging", "redis 1")
    held = stage.teleport.cluster
    held.lock(LockTarget(User="alice"))
    held.lock(LockTarget(Role="prod-requester"))
    held.lock(LockTarget(User="bob"), expires=held.now() - timedelta(seconds=1))
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved" in words(m))


@pytest.mark.parametrize("resource", ["lock", "user_login_state"])
async def test_review_stops_when_locks_cannot_be_checked(
    slack: SlackStandIn, tmp_path: Path, resource: str
) -> None:
    """Teleport doesn't check the locks of a review's author.

    Some locks are on roles of the login.
    """
    prepare = forbid(resource)
    async with run_cluster(slack, tmp_path, Edition.ENTERPRISE, prepare=prepare) as (stage, _):
        pending_request(stage.teleport, role="prod", reason="redis 1")
        card = await stage.card("redis 1")
        for action in ("approve", "deny"):
            await stage.click("bob", card, action)
            await stage.response("bob", "The bot can't check")
        assert not stage.teleport.journal.of("SubmitAccessReview")


async def test_review_goes_on_when_roles_cannot_be_read(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """Teleport checks the reviewer's roles."""
    prepare = forbid("role")
    async with run_cluster(slack, tmp_path, Edition.ENTERPRISE, prepare=prepare) as (stage, log):
        pending_request(stage.teleport, role="prod", reason="redis 1")
        card = await stage.card("redis 1")
        await stage.click("bob", card, "deny")
        form = await stage.form("bob", "review_form")
        await stage.submit("bob", form, reason={"type": "plain_text_input", "value": "no"})
        await stage.card_where(card["ts"], lambda m: "Denied" in words(m))
        assert log.all("user_check_failed")[0]["resource"] == "role"


@pytest.mark.parametrize("resource", ["lock", "role", "user_login_state"])
async def test_override_stops_when_the_approver_cannot_be_checked(
    slack: SlackStandIn, tmp_path: Path, resource: str
) -> None:
    """In this mode only the bot checks the approver."""
    prepare = forbid(resource)
    async with run_cluster(slack, tmp_path, Edition.COMMUNITY, prepare=prepare) as (stage, _):
        request = pending_request(stage.teleport, reason="redis 1")
        card = await stage.card("redis 1")
        for action in ("approve", "deny"):
            await stage.click("bob", card, action)
            await stage.response("bob", "The bot can't check")
        assert stage.request(request.Metadata.Name).Spec.State == PENDING
        assert not stage.teleport.journal.of("SetAccessRequestState")


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (deny("contractor", "update"), "contractor doesn't let you review access requests"),
        (
            role("no", deny=RoleConditions(ReviewRequests=AccessReviewConditions(Roles=["*"]))),
            "roles don't let you review this request",
        ),
    ],
)
async def test_approver_with_a_deny_rule_cannot_override(
    slack: SlackStandIn, tmp_path: Path, extra: RoleV6, sentence: str
) -> None:
    """Teleport checks the bot's roles, not the approver's."""
    async with run_cluster(slack, tmp_path, Edition.ENTERPRISE, "17.4.0") as (stage, _):
        _, card = await stage.create_request("alice", "staging", "redis 1")
        give(stage.teleport, "bob", extra)
        for action in ("approve", "deny"):
            await stage.click("bob", card, action)
            await stage.response("bob", sentence)
        assert not stage.teleport.journal.of("SetAccessRequestState")


async def test_review_deny_rule_counts_before_the_next_login(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """The login state lacks the role with the deny rule."""
    async with run_cluster(slack, tmp_path, Edition.ENTERPRISE, "17.4.0") as (stage, _):
        _, card = await stage.create_request("alice", "staging", "redis 1")
        stage.teleport.cluster.record_login("bob")
        denied = RoleConditions(ReviewRequests=AccessReviewConditions(Roles=["*"]))
        give(stage.teleport, "bob", role("no-reviews", deny=denied))
        for action in ("approve", "deny"):
            await stage.click("bob", card, action)
            await stage.response("bob", "review this request")
        assert not stage.teleport.journal.of("SetAccessRequestState")


async def test_removed_role_makes_no_approver_before_the_next_login(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """The login state still has the role that was removed from the user."""

    def approve_by_role(text: str) -> str:
        return re.sub(r"(?m)^(\[role_to_approvers\]\n).*$", r'\1"*" = ["role:reviewer"]', text)

    async with run_cluster(
        slack, tmp_path, Edition.ENTERPRISE, "17.4.0", change=approve_by_role
    ) as (
        stage,
        _,
    ):
        request, card = await stage.create_request("alice", "staging", "redis 1")
        teleport = stage.teleport.cluster
        teleport.record_login("bob")
        teleport.users["bob"].Spec.Roles[:] = ["dev"]
        await stage.click("bob", card, "approve")
        await stage.response("bob", "You aren't an approver for")
        assert stage.request(request.Metadata.Name).Spec.State == PENDING


async def test_check_takes_few_calls(stage: Stage) -> None:
    """There is one call each for user, login state and locks, and one per role.

    Lists repeat only locks.
    """

    def count(*methods: str) -> list[int]:
        return [len(stage.teleport.journal.of(method)) for method in methods]

    checks = ("ListUsers", "GetUserLoginState", "GetLocks", "GetRole")
    await stage.type("bob", "/teleport-pending mine")
    await stage.response("bob", "You have no pending request")
    before = count(*checks)
    await stage.type("bob", "/teleport-pending reviewable")
    await stage.response("bob", "No requests are waiting for your review")
    assert count(*checks) == [before[0], before[1], before[2] + 1, before[3]]
    before = count(*checks)
    await stage.type("bob", "/teleport-request staging because redis 1")
    await stage.response("bob", "You requested staging")
    after = count(*checks)
    assert [new - old for old, new in zip(before, after, strict=True)] == [1, 1, 1, 2]


def private(stage: Stage, who: str) -> list[dict[str, object]]:
    """Return the responses that only this person sees."""
    return [m for m in stage.slack.control_api.messages("access-requests", who) if m["ephemeral"]]

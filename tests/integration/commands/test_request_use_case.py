"""The outcome values of a request, without a bot."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from structlog.contextvars import get_contextvars

from commands.use_cases.create_request import (
    AlreadyPending,
    Created,
    RequestOutcome,
    Shortened,
    UnsuitableReviewers,
    request_access,
)
from commands.use_cases.drafts.rejected import DraftField, ReasonNeeded, Rejected
from commands.use_cases.drafts.resolve_reviewers import resolve_reviewers
from commands.use_cases.services import Policy
from sandbox.cast import BOT_USER, CLUSTER, SLACK_TRAIT
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client.errors import NotFound, PermissionDenied, TeleportError, Unexpected
from tests.integration.commands.use_cases import ALICE, UseCases, use_cases
from tests.integration.request_factory import pending_request
from workspace.requests.request_draft import RequestDraft

STAGING = RequestDraft(("staging",), "redis is stuck")


def _starting(**after: float) -> RequestDraft:
    return replace(STAGING, start=datetime.now(UTC) + timedelta(**after))


@pytest.fixture
async def cases(slack: SlackStandIn, teleport: TeleportStandIn) -> AsyncIterator[UseCases]:
    async with use_cases(slack, teleport) as ready:
        yield ready


NOT_LINKED = "isn't a Teleport user with a linked Slack account."


async def request(cases: UseCases, draft: RequestDraft) -> RequestOutcome:
    return await request_access(cases.services, await cases.user(), draft)


async def test_valid_draft_is_created(cases: UseCases, teleport: TeleportStandIn) -> None:
    outcome = await request(cases, STAGING)
    assert isinstance(outcome, Created)
    assert (outcome.draft, outcome.gets_messages) == (STAGING, True)
    (stored,) = teleport.cluster.requests.values()
    assert (stored.Metadata.Name, stored.Spec.RequestReason) == (
        outcome.request.id,
        "redis is stuck",
    )
    assert cases.changed == [outcome.request.id]
    assert get_contextvars()["request_id"] == outcome.request.id
    assert len(teleport.journal.of("ListAccessRequests")) == 1


async def test_duration_limits_the_access(cases: UseCases) -> None:
    hour = timedelta(hours=1)
    outcome = await request(cases, replace(STAGING, duration=hour))
    assert isinstance(outcome, Created)
    assert outcome.request.access_until is not None
    left = outcome.request.access_until - cases.services.now()
    assert hour - timedelta(minutes=1) < left <= hour


async def test_equal_request_is_already_pending(cases: UseCases) -> None:
    """Nothing is created until the user allows a duplicate."""
    first = await request(cases, STAGING)
    again = replace(STAGING, reason="again")
    assert isinstance(first, Created)
    assert await request(cases, again) == AlreadyPending(again, first.request)
    assert cases.changed == [first.request.id]
    assert isinstance(await request(cases, replace(again, allow_duplicate=True)), Created)
    assert len(cases.changed) == 2


async def test_second_click_returns_the_same_request(cases: UseCases) -> None:
    """Both clicks carry the same draft, and the second one creates nothing."""
    confirmed = replace(STAGING, allow_duplicate=True)
    first, second = await request(cases, confirmed), await request(cases, confirmed)
    assert isinstance(first, Created)
    assert isinstance(second, Created)
    assert first.request.id == second.request.id
    assert cases.changed == [first.request.id]


async def test_long_duration_is_shortened_by_the_roles(cases: UseCases) -> None:
    long = replace(STAGING, duration=timedelta(days=10))
    outcome = await request(cases, long)
    assert isinstance(outcome, Shortened)
    assert not outcome.by_bot_certificate
    assert cases.changed == []
    assert isinstance(await request(cases, replace(long, allow_shorter=True)), Created)


async def test_access_starts_and_ends_as_requested(cases: UseCases) -> None:
    """The duration counts from the start."""
    draft = replace(_starting(hours=2), duration=timedelta(hours=3))
    outcome = await request(cases, draft)
    assert isinstance(outcome, Created)
    start, end = outcome.request.assume_start, outcome.request.access_until
    assert start == draft.start
    assert draft.start is not None
    assert end is not None
    assert abs(end - draft.start - timedelta(hours=3)) < timedelta(seconds=5)


async def test_duration_is_shortened_by_the_bots_certificate(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    teleport.write_identity(BOT_USER, lifetime=timedelta(hours=1))
    async with use_cases(slack, teleport) as cases:
        outcome = await request(cases, replace(STAGING, duration=timedelta(hours=4)))
    assert isinstance(outcome, Shortened)
    assert outcome.by_bot_certificate


@pytest.mark.parametrize("reason", ["", "  \u200b "])
async def test_required_reason_is_needed(cases: UseCases, reason: str) -> None:
    draft = RequestDraft(("prod",), reason)
    assert await request(cases, draft) == ReasonNeeded(draft)


async def test_reason_needed_at_creation_has_the_prompts(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """The first call, the dry run, succeeds."""
    error = "request reason must be specified\nName a ticket.\nName a team."
    teleport.faults.add("CreateAccessRequestV2")
    teleport.faults.add("CreateAccessRequestV2", grpc.StatusCode.INVALID_ARGUMENT, details=error)
    outcome = await request(cases, STAGING)
    assert outcome == ReasonNeeded(STAGING, ("Name a ticket.", "Name a team."))


@pytest.mark.parametrize(
    ("draft", "field", "reason", "text"),
    [
        (RequestDraft(("stagign",), "x"), DraftField.ROLES, "role_misspelled", "staging?"),
        (RequestDraft(("z-1",), "x"), DraftField.ROLES, "role_not_requestable", "prod and staging"),
        (RequestDraft(("staging", "please"), "x"), DraftField.ROLES, "word_not_understood", "“p"),
        (RequestDraft(("staging",), "x" * 5000), DraftField.REASON, "reason_too_long", "5000"),
        (_starting(days=3), DraftField.START, "start_too_late", "would end this access before it"),
    ],
)
async def test_mistake_is_rejected_at_its_field(
    cases: UseCases, draft: RequestDraft, field: DraftField, reason: str, text: str
) -> None:
    outcome = await request(cases, draft)
    assert isinstance(outcome, Rejected)
    assert (outcome.field, outcome.error.reason) == (field, reason)
    assert text in outcome.error.text


@pytest.mark.parametrize(("roles", "role"), [(("prod", "please"), "prod"), (("please",), "prod")])
async def test_misunderstood_word_suggests_a_command_with_a_known_role(
    cases: UseCases, roles: tuple[str, ...], role: str
) -> None:
    outcome = await request(cases, RequestDraft(roles, "x"))
    assert isinstance(outcome, Rejected)
    assert outcome.error.suggested_command.startswith(f"/teleport-request {role} for 2h")


async def test_only_forbidden_roles_are_named(cases: UseCases) -> None:
    outcome = await request(cases, RequestDraft(("staging", "admin-1"), "x"))
    assert isinstance(outcome, Rejected)
    assert outcome.error.text.startswith("You can't request admin-1, so nothing was requested.")


@pytest.mark.parametrize(
    ("role", "text", "command"),
    [
        ("staging", "Your Teleport roles don't let you request any role.", ""),
        (
            "please",
            "“please” isn't a role that you can",
            "/teleport-request staging for",
        ),
    ],
)
async def test_user_without_requestable_roles_gets_an_explanation(
    cases: UseCases, teleport: TeleportStandIn, role: str, text: str, command: str
) -> None:
    teleport.cluster.add_user("alice", ["reviewer"], {SLACK_TRAIT: [ALICE]})
    outcome = await request(cases, RequestDraft((role,), "x"))
    assert isinstance(outcome, Rejected)
    assert text in outcome.error.text
    assert outcome.error.suggested_command.startswith(command)


@pytest.mark.parametrize(
    ("code", "details", "reason"),
    [
        (grpc.StatusCode.NOT_FOUND, 'user "alice" not found', "user_gone"),
        (grpc.StatusCode.NOT_FOUND, "user alice not found", "user_gone"),
        (
            grpc.StatusCode.PERMISSION_DENIED,
            'access denied to perform action "create" on "access_request"',
            "bot_cannot_create",
        ),
    ],
)
async def test_error_of_teleport_is_explained(
    cases: UseCases, teleport: TeleportStandIn, code: grpc.StatusCode, details: str, reason: str
) -> None:
    teleport.faults.add("CreateAccessRequestV2", code, details=details)
    outcome = await request(cases, STAGING)
    assert isinstance(outcome, Rejected)
    assert outcome.error.reason == reason


async def test_missing_role_is_explained(cases: UseCases, teleport: TeleportStandIn) -> None:
    """Some versions of Teleport don't find the role instead of forbidding it."""
    details = "role z-1 is not found"
    teleport.faults.add("CreateAccessRequestV2", grpc.StatusCode.NOT_FOUND, details=details)
    outcome = await request(cases, RequestDraft(("z-1",), "x"))
    assert isinstance(outcome, Rejected)
    assert outcome.error.reason == "role_not_requestable"


@pytest.mark.parametrize(
    ("code", "details", "roles", "error"),
    [
        (grpc.StatusCode.INTERNAL, "panic", ("staging",), Unexpected),
        (grpc.StatusCode.PERMISSION_DENIED, "access denied", ("zzz",), PermissionDenied),
        (grpc.StatusCode.PERMISSION_DENIED, "role zzz is odd", ("zzz",), PermissionDenied),
        (grpc.StatusCode.NOT_FOUND, "role staging is not found", ("staging",), NotFound),
        (grpc.StatusCode.NOT_FOUND, 'user "zed" not found', ("staging",), NotFound),
    ],
)
async def test_other_error_of_teleport_is_raised(
    cases: UseCases,
    teleport: TeleportStandIn,
    code: grpc.StatusCode,
    details: str,
    roles: tuple[str, ...],
    error: type[TeleportError],
) -> None:
    """Teleport's own words are the best explanation."""
    teleport.faults.add("CreateAccessRequestV2", code, details=details)
    with pytest.raises(error):
        await request(cases, RequestDraft(roles, "x"))


async def test_disabled_requests_are_rejected(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    async with use_cases(slack, teleport, policy=Policy(CLUSTER, requests_enabled=False)) as cases:
        outcome = await request(cases, STAGING)
    assert isinstance(outcome, Rejected)
    assert outcome.error.reason == "requests_off"


async def test_unsuitable_reviewers_need_confirmation(cases: UseCases) -> None:
    draft = replace(STAGING, reviewers=("alice", "bob", "zzz"))
    assert await request(cases, draft) == UnsuitableReviewers(
        draft,
        (
            "You can't review your own request.",
            f"zzz {NOT_LINKED}",
        ),
    )
    assert isinstance(await request(cases, replace(draft, any_reviewers=True)), Created)


async def test_reviewers_are_resolved_to_teleport_users(cases: UseCases) -> None:
    """A typed name without a Teleport user stays, and a selected one must have a user."""
    draft = replace(
        STAGING, reviewers=("<@U0BOB00001>", "bob", "carol@example.com", "<@U0ERIN0001>")
    )
    resolved = await resolve_reviewers(cases.services, ALICE, draft, ["U0CAROL001", "U0DANA0001"])
    assert isinstance(resolved, RequestDraft)
    assert resolved.reviewers == ("bob", "carol", "<@U0ERIN0001>", "dana")
    rejected = await resolve_reviewers(cases.services, ALICE, STAGING, ["U0ERIN0001"])
    assert isinstance(rejected, Rejected)
    assert rejected.field is DraftField.REVIEWERS
    assert "isn't linked to a Teleport user. Choose another user." in rejected.error.text


@pytest.mark.parametrize(("count", "allowed"), [(20, True), (21, False)])
async def test_number_of_reviewers_is_limited(cases: UseCases, count: int, allowed: bool) -> None:
    draft = replace(STAGING, reviewers=tuple(f"r{number}" for number in range(count)))
    resolved = await resolve_reviewers(cases.services, ALICE, draft)
    assert isinstance(resolved, RequestDraft) is allowed


async def test_lost_response_leads_to_one_request(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    teleport.faults.add("CreateAccessRequestV2")
    teleport.faults.add("CreateAccessRequestV2", grpc.StatusCode.UNAVAILABLE, after_commit=True)
    outcome = await request(cases, STAGING)
    assert isinstance(outcome, Created)
    (stored,) = teleport.cluster.requests.values()
    assert stored.Metadata.Name == outcome.request.id


async def test_number_of_looked_up_reviewers_is_limited(cases: UseCases) -> None:
    """Slack limits lookups for all users together."""
    draft = replace(STAGING, reviewers=tuple(f"r{number}" for number in range(20)))
    outcomes = [await resolve_reviewers(cases.services, ALICE, draft) for _ in range(4)]
    assert [isinstance(each, Rejected) for each in outcomes] == [False, False, False, True]


@pytest.mark.parametrize("role", ["prod", "staging"])
async def test_retry_does_not_mistake_an_older_request_for_its_own(
    cases: UseCases, teleport: TeleportStandIn, role: str
) -> None:
    older = pending_request(teleport, role=role, reason=STAGING.reason, age=timedelta(hours=1))
    teleport.faults.add("CreateAccessRequestV2")
    teleport.faults.add("CreateAccessRequestV2", grpc.StatusCode.DEADLINE_EXCEEDED)
    outcome = await request(cases, replace(STAGING, allow_duplicate=True))
    assert isinstance(outcome, Created)
    assert outcome.request.id != older.Metadata.Name
    assert outcome.request.roles == ("staging",)


async def test_retry_does_not_mistake_another_new_request_for_its_own(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """The user requests another role with tsh at the same time, for the same reason."""
    teleport.faults.add("CreateAccessRequestV2")
    teleport.faults.add("CreateAccessRequestV2", grpc.StatusCode.DEADLINE_EXCEEDED, delay=0.5)
    requesting = asyncio.create_task(request(cases, STAGING))
    await teleport.journal.wait_for_call("ListAccessRequests", ended=True)
    pending_request(teleport, role="prod", reason=STAGING.reason)
    outcome = await requesting
    assert isinstance(outcome, Created)
    assert outcome.request.roles == ("staging",)


async def test_resource_request_without_the_license_is_rejected_with_the_alternative(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """Community Edition rejects roles with `search_as_roles`, so these can't be the advice."""
    policy = Policy(CLUSTER, resource_requests=False)
    draft = RequestDraft(reason="x", resources=(f"/{CLUSTER}/node/unknown",))
    async with use_cases(slack, teleport, policy=policy) as cases:
        outcome = await request(cases, draft)
    assert isinstance(outcome, Rejected)
    assert outcome.error.text.startswith("Resource requests need Teleport Enterprise")

"""Why a draft is rejected: the bot's own checks, and Teleport's errors in plain words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.use_cases.drafts.explain_rejection import explain_rejection
from commands.use_cases.drafts.rejected import DraftField, ReasonNeeded, Rejected
from commands.use_cases.drafts.requests_enabled import ensure_requests_enabled
from commands.use_cases.drafts.resolve_reviewers import lookup_limit, resolve_reviewers
from commands.use_cases.validate_request import ValidDraft, new_request, validate
from teleport_client.errors import InvalidArgument, NotFound, PermissionDenied, TeleportError
from teleport_client.model.access_request import DryRun
from tests.samples import request
from tests.unit.commands.memory_services import NOW, MemoryServices, user_named
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError

ALICE = user_named("alice")
STAGING = RequestDraft(roles=("staging",))
NO_ROLE = InvalidArgument('user "alice" can not request role "x"')


async def rejection(
    error: TeleportError, *roles: str, requestable: tuple[str, ...] = ("staging", "prod")
) -> UserError:
    cases = MemoryServices(requestable)
    outcome = await explain_rejection(cases.services, ALICE, RequestDraft(roles=roles), error)
    assert isinstance(outcome, Rejected)
    assert outcome.field is DraftField.ROLES
    return outcome.error


def test_request_has_the_values_of_the_draft() -> None:
    draft = RequestDraft(("staging",), "redis", timedelta(hours=2), ("bob",))
    made = new_request(MemoryServices().services, ALICE, draft)
    assert (made.user, made.roles, made.reason) == ("alice", ("staging",), "redis")
    assert (made.access_until, made.suggested_reviewers) == (NOW + timedelta(hours=2), ("bob",))
    assert new_request(MemoryServices().services, ALICE, STAGING).access_until is None


@pytest.mark.parametrize(
    ("enabled", "can_create", "reason"),
    [(False, True, "requests_off"), (True, False, "bot_cannot_create"), (True, True, "")],
)
def test_requests_need_the_setting_and_the_permission(
    enabled: bool, can_create: bool, reason: str
) -> None:
    cases = MemoryServices(requests_enabled=enabled, can_create=lambda: can_create)
    found = ""
    try:
        ensure_requests_enabled(cases.services)
    except UserError as error:
        found = error.reason
    assert found == reason


@pytest.mark.parametrize(
    ("rules", "reason", "needed"),
    [
        (None, "", False),
        (DryRun(reason_required=False), "", False),
        (DryRun(reason_required=True, reason_prompts=("Why?",)), "redis", False),
        (DryRun(reason_required=True, reason_prompts=("Why?",)), "", True),
    ],
)
async def test_draft_needs_a_reason_if_the_dry_run_requires_one(
    rules: DryRun | None, reason: str, needed: bool
) -> None:
    dry_run = request(dry_run=rules)
    draft = replace(STAGING, reason=reason)
    cases = MemoryServices(dry_run_result=dry_run)
    outcome = await validate(cases.services, ALICE, draft, deadline=1)
    assert outcome == (ReasonNeeded(draft, ("Why?",)) if needed else ValidDraft(draft, dry_run))


@pytest.mark.parametrize(
    ("cases", "reason", "field"),
    [
        (MemoryServices(requests_enabled=False), "", DraftField.ROLES),
        (MemoryServices(), "x" * 10_000, DraftField.REASON),
        (MemoryServices(dry_run_result=NotFound("user alice not found")), "", DraftField.ROLES),
    ],
)
async def test_rejected_draft_names_the_field_to_correct(
    cases: MemoryServices, reason: str, field: DraftField
) -> None:
    draft = replace(STAGING, reason=reason)
    outcome = await validate(cases.services, ALICE, draft, deadline=1)
    assert isinstance(outcome, Rejected)
    assert outcome.field is field


@pytest.mark.parametrize(
    ("times", "field", "reason"),
    [
        ({"start": -1}, DraftField.START, "start_passed"),
        ({"start": 2, "until": 1}, DraftField.START, "end_before_start"),
        ({"until": -1}, DraftField.END, "end_passed"),
        ({"until": 337}, DraftField.END, "end_too_late"),
        ({"expires": -1}, DraftField.EXPIRY, "expiry_passed"),
    ],
)
async def test_impossible_time_is_rejected_at_its_field(
    times: dict[str, int], field: DraftField, reason: str
) -> None:
    """The typed command and the form share these checks."""
    moments = {name: NOW + timedelta(hours=hours) for name, hours in times.items()}
    draft = replace(STAGING, **moments)  # type: ignore[arg-type]
    outcome = await validate(MemoryServices().services, ALICE, draft, deadline=1)
    assert isinstance(outcome, Rejected)
    assert (outcome.field, outcome.error.reason) == (field, reason)


async def test_access_with_a_later_start_ends_within_teleports_limit() -> None:
    """A duration counts from the start, Teleport's limit from the request."""
    draft = replace(STAGING, start=NOW + timedelta(days=1), duration=timedelta(days=14))
    outcome = await validate(MemoryServices().services, ALICE, draft, deadline=1)
    assert isinstance(outcome, Rejected)
    assert outcome.error.reason == "end_too_late"


async def test_missing_reason_has_the_prompts_of_the_roles() -> None:
    error = InvalidArgument("request reason must be specified (required)\nName a ticket.\nWhy?")
    outcome = await explain_rejection(MemoryServices().services, ALICE, STAGING, error)
    assert outcome == ReasonNeeded(STAGING, ("Name a ticket.", "Why?"))


@pytest.mark.parametrize("text", ["user alice not found", 'user "alice" not found'])
async def test_user_without_a_record_in_teleport_has_to_log_in(text: str) -> None:
    assert (await rejection(NotFound(text), "staging")).reason == "user_gone"


async def test_other_missing_user_is_not_the_requester() -> None:
    error = NotFound("user bob not found")
    with pytest.raises(NotFound):
        await rejection(error, "staging")
    with pytest.raises(InvalidArgument):
        await rejection(InvalidArgument("user alice not found"), "staging")


async def test_bot_without_the_verb_is_named() -> None:
    error = PermissionDenied('access denied to perform action "create" on "access_request"')
    assert (await rejection(error, "staging")).reason == "bot_cannot_create"


@pytest.mark.parametrize(
    ("roles", "requestable", "text"),
    [
        (("staging-db",), ("staging", "prod"), "Did you mean staging?"),
        (("z-1",), ("staging", "prod"), "You can request staging and prod."),
        (("alice-1",), (), "Your Teleport roles don't let you request any role."),
    ],
)
async def test_role_that_cannot_be_requested_is_named_with_alternatives(
    roles: tuple[str, ...], requestable: tuple[str, ...], text: str
) -> None:
    error = await rejection(NO_ROLE, *roles, requestable=requestable)
    expected = f"You can't request {roles[0]}, so nothing was requested. {text}"
    assert (error.reason, error.text) == ("role_not_requestable", expected)


async def test_only_the_roles_that_cannot_be_requested_are_named() -> None:
    error = await rejection(NotFound("role z-1 is not found"), "staging", "z-1")
    assert "request z-1," in error.text


@pytest.mark.parametrize(
    ("roles", "role"),
    [(("prod", "Please"), "prod"), (("please",), "staging"), (("please", "z-1"), "staging")],
)
async def test_word_that_is_no_role_suggests_a_command(roles: tuple[str, ...], role: str) -> None:
    error = await rejection(NO_ROLE, *roles)
    assert error.reason == "word_not_understood"
    assert error.suggested_command == f"/teleport-request {role} for 2h because …"
    assert "z-1" not in error.text


@pytest.mark.parametrize(
    "error",
    [NO_ROLE, NotFound("access request not found"), InvalidArgument("a role is missing")],
)
async def test_error_that_is_about_no_role_of_the_draft_is_raised(error: TeleportError) -> None:
    with pytest.raises(type(error)) as raised:
        await rejection(error, "staging")
    assert raised.value is error


async def test_error_about_something_else_is_raised_even_if_a_role_is_wrong() -> None:
    for error in (NotFound("no such thing"), InvalidArgument("this role is bad")):
        with pytest.raises(type(error)):
            await rejection(error, "zzz")


async def test_selected_users_follow_the_typed_ones_once() -> None:
    draft = replace(STAGING, reviewers=("carol", "<@U0BOB00001>"))
    selected = ("U0BOB00001", "U0ALICE001")
    found = await resolve_reviewers(MemoryServices().services, "U0ALICE001", draft, selected)
    assert found == replace(draft, reviewers=("carol", "bob", "alice"))


async def test_selected_user_without_a_teleport_user_is_rejected() -> None:
    found = await resolve_reviewers(
        MemoryServices().services, "U0ALICE001", STAGING, ("U0NOBODY01",)
    )
    assert isinstance(found, Rejected)
    assert (found.field, found.error.reason) == (DraftField.REVIEWERS, "reviewer_unsuitable")
    assert found.error.text == (
        "Name of U0NOBODY01 isn't linked to a Teleport user. Choose another user."
    )


async def test_too_many_lookups_are_rejected_at_the_reviewers() -> None:
    limit = lookup_limit()
    limit.allow("U0ALICE001", 60)
    cases = MemoryServices(reviewer_lookups=limit)
    draft = replace(STAGING, reviewers=("bob",))
    found = await resolve_reviewers(cases.services, "U0ALICE001", draft)
    assert isinstance(found, Rejected)
    assert (found.field, found.error.reason) == (DraftField.REVIEWERS, "too_many_lookups")

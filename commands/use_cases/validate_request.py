"""Validate the draft of a request: one path for the typed command, the form and the buttons.

`validate` checks the draft here, then lets Teleport check it in a dry run, which creates nothing
and returns the request that Teleport would create. Names of reviewers and hosts are resolved
before: see `commands/use_cases/drafts/`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from commands.use_cases.acting_user.authorized_user import AuthorizedUser
from commands.use_cases.drafts.explain_rejection import REJECTIONS, explain_rejection
from commands.use_cases.drafts.rejected import DraftField, ReasonNeeded, Rejected
from commands.use_cases.drafts.requests_enabled import ensure_requests_enabled
from commands.use_cases.drafts.times import ensure_end, ensure_expiry, ensure_start
from commands.use_cases.services import Services
from teleport_client.model.access_request import AccessRequest, NewAccessRequest
from teleport_client.rules.resource_paths import parse_resource_path
from workspace.requests.request_draft import RequestDraft, check_reason
from workspace.requests.user_error import UserError
from workspace.text.names import it_or_them, list_names


@dataclass(frozen=True, slots=True)
class ValidDraft:
    draft: RequestDraft
    dry_run: AccessRequest
    """The request that Teleport would create."""


async def validate(
    services: Services, user: AuthorizedUser, draft: RequestDraft, *, deadline: float
) -> ValidDraft | ReasonNeeded | Rejected:
    """Check the draft, at last in a dry run. Raises TeleportError for any unexplained error."""
    if rejected := _check(services, user, draft):
        return rejected
    try:
        dry_run = await services.teleport.requests.dry_run(
            new_request(services, user, draft), deadline=deadline
        )
    except REJECTIONS as error:
        return await explain_rejection(services, user, draft, error)
    rules = dry_run.dry_run
    if rules is not None and rules.reason_required and not draft.has_reason:
        return ReasonNeeded(draft, rules.reason_prompts)
    return ValidDraft(draft, dry_run)


def new_request(services: Services, user: AuthorizedUser, draft: RequestDraft) -> NewAccessRequest:
    """Return the request. Teleport allows no session beyond the end of the bot's certificate."""
    session_until = None
    if draft.session is not None:
        session_until = min(services.now() + draft.session, services.certificate_expiry())
    return NewAccessRequest(
        user=user.name,
        roles=draft.roles,
        reason=draft.reason,
        access_until=draft.ends_at(services.now()),
        assume_start=draft.start,
        resources=tuple(map(parse_resource_path, draft.resources)),
        suggested_reviewers=draft.reviewers,
        expires=draft.expires,
        session_until=session_until,
        expiry_in_spec=services.policy.expiry_in_spec,
    )


def _check(services: Services, user: AuthorizedUser, draft: RequestDraft) -> Rejected | None:
    now = services.now()
    checks: tuple[tuple[DraftField, Callable[[], None]], ...] = (
        (DraftField.ROLES, lambda: ensure_requests_enabled(services)),
        (DraftField.ROLES, lambda: _ensure_not_held(user, draft)),
        (DraftField.REASON, lambda: check_reason(draft.reason)),
        (DraftField.START, lambda: ensure_start(draft, now)),
        (DraftField.END, lambda: ensure_end(draft, now)),
        (DraftField.EXPIRY, lambda: ensure_expiry(draft, now)),
    )
    for field, check in checks:
        try:
            check()
        except UserError as error:
            return Rejected(error, field)
    return None


def _ensure_not_held(user: AuthorizedUser, draft: RequestDraft) -> None:
    """Raise UserError for a role that the user has. Teleport accepts such a request."""
    held = [role for role in draft.roles if role in user.held]
    if held and not draft.resources:
        others = len(held) < len(draft.roles)
        next_step = f" Leave {it_or_them(held)} out to request the others." if others else ""
        raise UserError(
            f"You already have {list_names(held)}, so nothing was requested.{next_step}",
            reason="role_already_held",
        )

"""From what somebody asks for to a request in Teleport."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog
from rapidfuzz import process

from commands.actions.authorized_user import AuthorizedUser
from commands.actions.services import Services
from commands.parsing.grammar import FILLERS
from teleport_client.errors import (
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Sent,
    TeleportError,
    Unreachable,
)
from teleport_client.model.access_request import AccessRequest, NewAccessRequest
from workspace.requests.request_draft import RequestDraft, check_reason
from workspace.requests.user_error import UserError
from workspace.retry import with_retry
from workspace.views.parts.budget import joined
from workspace.views.parts.status import named
from workspace.views.parts.untrusted import safe_name, safe_text

_REASON_MISSING = "request reason must be specified"
"""What a server says when it will not store a request without one; its roles' prompts follow on
lines of their own (lib/services/access_request.go)."""
_NO_VERB = 'access denied to perform action "create"'
"""What a server says to a caller whose roles lack the verb."""
_ROLES_NAMED = 12
_PROMPTS_ROOM = 800
_COMPARED = 80
"""Characters of a role that look-alikes are searched for."""
_SAME_MOMENT = timedelta(minutes=2)


class ReasonMissing(Exception):
    """Teleport will not store this without a reason. `prompts` are what its roles say about it."""

    def __init__(self, prompts: Sequence[str] = ()) -> None:
        super().__init__("a reason is needed")
        self.prompts = tuple(prompts)

    @property
    def sentence(self) -> str:
        said = joined((safe_text(each, 300, lines=2) for each in self.prompts), _PROMPTS_ROOM, " ")
        return said or "Teleport asks for a reason here."


async def check(
    services: Services, user: AuthorizedUser, draft: RequestDraft, *, deadline: float
) -> AccessRequest:
    """Have Teleport try an ask without storing it. Gives what it would store.

    Raises ReasonMissing, Refusal, TeleportError.
    """
    ensure_requests_enabled(services)
    check_reason(draft.reason)
    try:
        tried = await services.teleport.dry_run_request(
            _new(services, user, draft), deadline=deadline
        )
    except (InvalidArgument, NotFound, PermissionDenied) as error:
        raise await _refusal(services, user, draft, error) from error
    dry_run = tried.dry_run
    if dry_run is not None and dry_run.reason_required and not draft.has_reason:
        raise ReasonMissing(dry_run.reason_prompts)
    return tried


def ensure_requests_enabled(services: Services) -> None:
    if not services.policy.requests_enabled:
        raise UserError(
            "Asking from Slack is switched off here. Ask with tsh request create, or on Teleport's"
            " web page.",
            reason="asking_off",
        )


def limited_by_bot_certificate(services: Services, tried: AccessRequest) -> bool:
    """Whether access would end with the bot's own certificate, beyond which it can create none."""
    ends = services.certificate_expiry()
    return tried.access_until is not None and abs(tried.access_until - ends) < _SAME_MOMENT


async def requests_of(services: Services, user: AuthorizedUser) -> tuple[AccessRequest, ...]:
    """List everything that this user has asked for, newest first."""
    return await with_retry(
        lambda deadline: services.teleport.requests(user=user.name, deadline=deadline)
    )


def duplicates_of(tried: AccessRequest, requests: Iterable[AccessRequest]) -> list[AccessRequest]:
    """Choose those that wait already for the same roles and resources."""
    return [
        request
        for request in requests
        if request.pending
        and set(request.roles) == set(tried.roles)
        and set(request.resources) == set(tried.resources)
    ]


async def create(
    services: Services, user: AuthorizedUser, draft: RequestDraft, before: Iterable[AccessRequest]
) -> AccessRequest:
    """Store a request, trying for as long as a person waits.

    `before` is what the user had asked for by then. Where an answer never came, a request beyond
    these is ours; only one that Teleport does not list yet is stored a second time. Raises
    ReasonMissing, Refusal, TeleportError.
    """
    new = _new(services, user, draft)
    known_ids = {request.id for request in before}
    perhaps_stored = False

    async def attempt(deadline: float) -> AccessRequest:
        nonlocal perhaps_stored
        if perhaps_stored and (ours := await _find_created(services, new, known_ids, deadline)):
            return ours
        try:
            return await services.teleport.create_request(new, deadline=deadline)
        except Unreachable as error:
            perhaps_stored = perhaps_stored or error.sent is not Sent.NO
            raise

    try:
        created = await with_retry(attempt, idempotent=True)
    except (InvalidArgument, NotFound, PermissionDenied) as error:
        if _REASON_MISSING in error.text:
            raise ReasonMissing(error.text.splitlines()[1:]) from error
        raise await _refusal(services, user, draft, error) from error
    structlog.contextvars.bind_contextvars(request_id=created.id)
    services.changed(created.id)
    return created


async def _find_created(
    services: Services, new: NewAccessRequest, known_ids: set[str], deadline: float
) -> AccessRequest | None:
    listed = await services.teleport.requests(user=new.user, deadline=deadline)
    for request in listed:
        same = set(request.roles) == set(new.roles) and request.reason == new.reason
        if same and request.id not in known_ids:
            return request
    return None


def _new(services: Services, user: AuthorizedUser, draft: RequestDraft) -> NewAccessRequest:
    return NewAccessRequest(
        user=user.name,
        roles=draft.roles,
        reason=draft.reason,
        access_until=services.now() + draft.duration if draft.duration else None,
        suggested_reviewers=draft.reviewers,
    )


async def _refusal(
    services: Services, user: AuthorizedUser, draft: RequestDraft, error: TeleportError
) -> UserError | TeleportError:
    """Say what can be said better than in Teleport's own words."""
    if isinstance(error, NotFound) and _is_about_user(error.text, user.name):
        return UserError(
            f"Teleport does not know the user {safe_name(user.name)} at the moment. Log in to"
            " Teleport once, with tsh or on its web page, and try again: it forgets users of"
            " single sign-on when their login ends. Nothing was asked for.",
            reason="user_gone",
        )
    if _NO_VERB in error.text:
        return UserError(
            "The bot may not create requests for other people, so nothing was asked for. A"
            " Teleport administrator has to give the bot's role the verb create on"
            " access_request; until then use tsh request create.",
            reason="bot_may_not_create",
        )
    if not _about_roles(error):
        return error
    allowed = (await services.permissions.capabilities(user.name)).requestable_roles
    known = set(allowed).intersection(draft.roles)
    unknown = [role for role in draft.roles if role not in known]
    if not unknown:
        return error
    if words := [role for role in unknown if role.lower() in FILLERS]:
        return _not_understood(words, sorted(known) or allowed)
    return UserError(
        f"You can't request {named(unknown)}, so nothing was requested."
        f" {_alternatives(unknown[:_ROLES_NAMED], allowed)}",
        reason="role_not_requestable",
    )


def _is_about_user(text: str, name: str) -> bool:
    return any(f"user {each} not found" in text for each in (name, f'"{name}"'))


def _about_roles(error: TeleportError) -> bool:
    """Return whether the error is about roles, in linear time: it quotes what was typed."""
    _, found, after = error.text.partition("role ")
    return bool(found) and ("can not request role" in error.text or "not found" in after)


def _not_understood(words: Sequence[str], roles: Sequence[str]) -> UserError:
    """Name the words that are neither roles nor keywords. `roles` can be requested."""
    quoted = named([f"“{word}”" for word in words])
    return UserError(
        f"This command doesn't understand {quoted}, so nothing was requested. Write only roles"
        " before “for” and “because”, such as:",
        reason="word_not_understood",
        command=f"/teleport-request {safe_name(roles[0]) if roles else 'staging'} for 2h because …",
    )


def _alternatives(unknown: Sequence[str], allowed: Sequence[str]) -> str:
    if not allowed:
        return "Your Teleport roles don't let you request any role."
    near = {
        match[0]
        for role in unknown
        for match in process.extract(role[:_COMPARED], allowed, limit=3, score_cutoff=60)
    }
    if near:
        return f"Did you mean {joined(map(safe_name, sorted(near)), _PROMPTS_ROOM, ' or ')}?"
    return f"You can request {named(allowed, _ROLES_NAMED)}."

"""Create an access request, unless the user should confirm something first.

`RequestOutcome` lists the possible results; `commands/request_outcomes.py` renders them.

A create call can lose Teleport's response, and a second call would create a second request. So a
retry first lists the user's requests and looks for one that wasn't there before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TypeAlias

import structlog

from commands.use_cases.acting_user.authorized_user import AuthorizedUser
from commands.use_cases.drafts.explain_rejection import REJECTIONS, explain_rejection
from commands.use_cases.drafts.rejected import ReasonNeeded, Rejected
from commands.use_cases.drafts.resolve_reviewers import find_unsuitable
from commands.use_cases.services import Services
from commands.use_cases.validate_request import ValidDraft, new_request, validate
from teleport_client.errors import Sent, Unreachable
from teleport_client.model.access_request import AccessRequest, NewAccessRequest, RequestState
from workspace.requests.request_draft import RequestDraft
from workspace.retry import with_retry

_SAME_CLICK = timedelta(seconds=10)
_SAME_MOMENT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Created:
    draft: RequestDraft
    request: AccessRequest
    gets_messages: bool
    """Whether the bot can send the requester DMs."""
    active: AccessRequest | None = None
    """An approved request for the same access, which hasn't ended."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """The request that Teleport has stored, and the active one for the same access."""

    request: AccessRequest
    active: AccessRequest | None


@dataclass(frozen=True, slots=True)
class AlreadyPending:
    """The user has an equal request, so nothing was created."""

    draft: RequestDraft
    request: AccessRequest


@dataclass(frozen=True, slots=True)
class Shortened:
    """Teleport would shorten the access, so nothing was created."""

    draft: RequestDraft
    dry_run: AccessRequest
    by_bot_certificate: bool
    """Whether the bot's certificate is the limit, rather than a role."""


@dataclass(frozen=True, slots=True)
class UnsuitableReviewers:
    """Suggested reviewers can't review the request, so nothing was created."""

    draft: RequestDraft
    problems: tuple[str, ...]
    """One sentence for each reviewer."""


RequestOutcome: TypeAlias = (
    Created | AlreadyPending | Shortened | UnsuitableReviewers | ReasonNeeded | Rejected
)


async def request_access(
    services: Services, user: AuthorizedUser, draft: RequestDraft
) -> RequestOutcome:
    """Validate a draft and create its request. Raises TeleportError."""
    checked = await with_retry(lambda deadline: validate(services, user, draft, deadline=deadline))
    if isinstance(checked, ValidDraft):
        return await create_request(services, user, checked)
    return checked


async def create_request(
    services: Services, user: AuthorizedUser, valid: ValidDraft
) -> RequestOutcome:
    """Create the request of a valid draft. Raises TeleportError."""
    if unconfirmed := await _needs_confirmation(services, user, valid):
        return unconfirmed
    # The list and the create call belong together: of two clicks, the second finds the request.
    async with services.request_locks(user.name):
        outcome = await _find_or_create(services, user, valid)
    if isinstance(outcome, _Stored):
        gets_messages = await services.gets_messages(user.linked_user)
        return Created(valid.draft, outcome.request, gets_messages, outcome.active)
    return outcome


async def _needs_confirmation(
    services: Services, user: AuthorizedUser, valid: ValidDraft
) -> UnsuitableReviewers | Shortened | None:
    draft, dry_run = valid.draft, valid.dry_run
    if not draft.any_reviewers and (
        problems := await find_unsuitable(services, user.name, draft.reviewers, dry_run)
    ):
        return UnsuitableReviewers(draft, problems)
    if draft.is_longer_than(dry_run.access_until, services.now()) and not draft.allow_shorter:
        return Shortened(draft, dry_run, _is_limited_by_certificate(services, dry_run))
    return None


def _is_limited_by_certificate(services: Services, dry_run: AccessRequest) -> bool:
    """Return whether access would end with the bot's certificate, Teleport's limit for the bot."""
    expiry = services.certificate_expiry()
    return dry_run.access_until is not None and abs(dry_run.access_until - expiry) < _SAME_MOMENT


async def _find_or_create(
    services: Services, user: AuthorizedUser, valid: ValidDraft
) -> _Stored | AlreadyPending | ReasonNeeded | Rejected:
    draft = valid.draft
    existing = await with_retry(
        lambda deadline: services.teleport.requests.list(user=user.name, deadline=deadline)
    )
    duplicates = duplicates_of(valid.dry_run, existing)
    if duplicates and not draft.allow_duplicate and user.sees_own_requests:
        return AlreadyPending(draft, duplicates[0])
    active = find_active(valid.dry_run, existing, services.now())
    if same_click := _created_just_now(services, draft, duplicates):
        return _Stored(same_click, active)
    try:
        created = await _create(services, new_request(services, user, draft), existing)
    except REJECTIONS as error:
        return await explain_rejection(services, user, draft, error)
    structlog.contextvars.bind_contextvars(request_id=created.id)
    services.changed(created.id)
    return _Stored(created, active)


def duplicates_of(request: AccessRequest, existing: Iterable[AccessRequest]) -> list[AccessRequest]:
    """Return the pending requests for the same roles and resources."""
    return [each for each in existing if each.pending and _is_same_access(each, request)]


def find_active(
    request: AccessRequest, existing: Iterable[AccessRequest], now: datetime
) -> AccessRequest | None:
    """Return the approved request for the same access that ends last."""
    active = [
        (each.access_until, each)
        for each in existing
        if each.state is RequestState.APPROVED
        and _is_same_access(each, request)
        and each.access_until is not None
        and each.access_until > now
        and (each.assume_start is None or each.assume_start <= now)
    ]
    return max(active, key=itemgetter(0))[1] if active else None


def _is_same_access(one: AccessRequest, other: AccessRequest) -> bool:
    return set(one.roles) == set(other.roles) and set(one.resources) == set(other.resources)


def _created_just_now(
    services: Services, draft: RequestDraft, duplicates: Iterable[AccessRequest]
) -> AccessRequest | None:
    """Return the request of the first click, if this is the second one on the same button."""
    earliest = services.now() - _SAME_CLICK
    for request in duplicates:
        if request.reason == draft.reason and request.created and request.created > earliest:
            return request
    return None


async def _create(
    services: Services, new: NewAccessRequest, existing: Iterable[AccessRequest]
) -> AccessRequest:
    """Call Teleport until it responds or the deadline passes.

    After a lost response, a request that isn't in `existing` is the one that was created.
    """
    known_ids = {request.id for request in existing}
    maybe_created = False

    async def attempt(deadline: float) -> AccessRequest:
        nonlocal maybe_created
        if maybe_created and (ours := await _find_created(services, new, known_ids, deadline)):
            return ours
        try:
            return await services.teleport.requests.create(new, deadline=deadline)
        except Unreachable as error:
            maybe_created = maybe_created or error.sent is not Sent.NO
            raise

    return await with_retry(attempt, idempotent=True)


async def _find_created(
    services: Services, new: NewAccessRequest, known_ids: set[str], deadline: float
) -> AccessRequest | None:
    listed = await services.teleport.requests.list(user=new.user, deadline=deadline)
    for request in listed:
        same = set(request.roles) == set(new.roles) and request.reason == new.reason
        if same and request.id not in known_ids:
            return request
    return None

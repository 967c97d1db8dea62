"""Submit a user's review of a request.

`ReviewOutcome` lists the possible results; `commands/review_outcomes.py` renders them.

Teleport accepts one review from each user. So a retry after a lost response can be rejected because
the first call succeeded: then the user's review is read and compared with the submitted one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import structlog

from commands.use_cases.acting_user.authorized_user import (
    OVERRIDE,
    REVIEW,
    AuthorizedUser,
    ensure_allowed,
)
from commands.use_cases.check_review import (
    Obstacle,
    OnlyInTeleport,
    ensure_reviewer,
    ensure_reviews_enabled,
    obstacle_to,
)
from commands.use_cases.find_request import is_visible, no_such_request, read_request
from commands.use_cases.override import Decision, override
from commands.use_cases.services import Services
from teleport_client.errors import (
    AlreadyResolved,
    AlreadyReviewed,
    NotFound,
    OnBehalfNotAllowed,
    OwnRequest,
    ReviewNotAllowed,
)
from teleport_client.model.access_request import AccessRequest, RequestState, Review
from teleport_client.rules.start_window import is_before_requested
from teleport_client.rules.threshold_progress import has_effect
from workspace.requests.claim import is_attributed_to
from workspace.requests.request_draft import check_reason, has_text
from workspace.requests.review_policy import ReviewMode, unconfirmed
from workspace.requests.user_error import UserError
from workspace.retry import with_retry


@dataclass(frozen=True, slots=True)
class ProposedReview:
    """A review that a user wants to submit."""

    request_id: str
    state: RequestState
    reason: str = ""
    already_visible: bool = False
    """Whether Slack showed the request to the user, rather than the user typing its ID."""
    roles: tuple[str, ...] = ()
    """Roles that an approval grants; empty for all."""
    start: datetime | None = None
    """Start of the access that an approval sets."""
    typed_roles: frozenset[str] = frozenset()
    """Texts that the user typed to confirm roles."""

    @property
    def approves(self) -> bool:
        return self.state is RequestState.APPROVED

    @property
    def has_options(self) -> bool:
        return bool(self.roles) or self.start is not None


@dataclass(frozen=True, slots=True)
class Reviewed:
    request: AccessRequest
    """The request after the review."""
    state: RequestState
    author: str


@dataclass(frozen=True, slots=True)
class NotCounted:
    """Teleport recorded the review, but it counts toward no threshold of the request."""

    request: AccessRequest
    state: RequestState


@dataclass(frozen=True, slots=True)
class FormNeeded:
    """An approval needs a reason, or typed names of roles. Nothing changed."""

    request: AccessRequest


@dataclass(frozen=True, slots=True)
class ReviewRejected:
    error: UserError


ReviewOutcome: TypeAlias = Reviewed | NotCounted | FormNeeded | Obstacle | ReviewRejected


async def submit_review(
    services: Services, slack_user_id: str, proposed: ProposedReview
) -> ReviewOutcome:
    """Submit a review. Raises TeleportError, SlackApiError."""
    structlog.contextvars.bind_contextvars(
        request_id=proposed.request_id, proposed_state=proposed.state.value
    )
    try:
        ensure_reviews_enabled(services)
        check_reason(proposed.reason)
        return await _submit(services, slack_user_id, proposed)
    except UserError as error:
        return ReviewRejected(error)


async def _submit(
    services: Services, slack_user_id: str, proposed: ProposedReview
) -> ReviewOutcome:
    """Submit the review in the request's mode.

    User and request are read without any cache. A user learns of a request that wasn't already
    visible only if Teleport shows it to them.
    """
    user, request = await _read(services, slack_user_id, proposed.request_id)
    visible = proposed.already_visible or is_visible(services, user, request)
    if visible and (obstacle := obstacle_to(user, request)):
        return obstacle
    mode = services.review_policy.mode_of(request)
    if not visible and (mode is not ReviewMode.PERSON or proposed.has_options):
        raise no_such_request(services, proposed.request_id)
    if mode is ReviewMode.NOTIFY:
        return OnlyInTeleport(proposed.request_id)
    _ensure_possible(request, proposed, mode)
    if proposed.approves and _lacks_input(services, request, proposed):
        if not visible:
            raise no_such_request(services, proposed.request_id)
        ensure_reviewer(services, user, request)
        return FormNeeded(request)
    if mode is ReviewMode.OVERRIDE:
        result = await _set_state(services, user, request, proposed)
    else:
        result = await _submit_on_behalf(services, user, proposed, visible=visible)
    if not isinstance(result, AccessRequest):
        return result
    services.changed(proposed.request_id)
    review = result.review_by(user.name)
    # Teleport stores no review in mode `override`.
    if review is not None and not has_effect(review, result):
        return NotCounted(result, proposed.state)
    return Reviewed(result, proposed.state, user.name)


def _lacks_input(services: Services, request: AccessRequest, proposed: ProposedReview) -> bool:
    """Return whether the settings want a reason, or a typed name, that the approval lacks."""
    granted = proposed.roles or request.roles
    policy = services.review_policy
    if policy.needs_reason(granted) and not has_text(proposed.reason):
        return True
    return bool(unconfirmed(policy.roles_to_confirm(granted), proposed.typed_roles))


def _ensure_possible(request: AccessRequest, proposed: ProposedReview, mode: ReviewMode) -> None:
    """Raise UserError for options with which an approval would grant more than requested."""
    if proposed.start is not None and is_before_requested(proposed.start, request):
        raise UserError(
            "The requester asked for a later start. Nothing changed. Choose that start or a later"
            " one.",
            reason="start_before_requested",
        )
    if proposed.roles:
        _ensure_grantable(request, proposed.roles, mode)


def _ensure_grantable(request: AccessRequest, roles: Sequence[str], mode: ReviewMode) -> None:
    """Raise UserError for roles that an approval can't grant."""
    if not set(roles) <= set(request.roles):
        raise roles_changed()
    if mode is not ReviewMode.OVERRIDE and set(roles) != set(request.roles):
        raise UserError(
            "Teleport can't approve only some roles in a review. Nothing changed. Approve all of"
            " them, or deny the request.",
            reason="roles_not_selectable",
        )


def roles_changed() -> UserError:
    return UserError(
        "The request no longer has all roles that you selected. Nothing changed. Click Approve"
        " with… again.",
        reason="roles_changed",
    )


async def _read(
    services: Services, slack_user_id: str, request_id: str
) -> tuple[AuthorizedUser, AccessRequest]:
    """Read user and request at the same time. An error about the user comes first."""
    reading = asyncio.create_task(read_request(services, request_id))
    try:
        user = await services.authorize(slack_user_id, REVIEW)
        return user, await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _set_state(
    services: Services, user: AuthorizedUser, request: AccessRequest, proposed: ProposedReview
) -> AccessRequest | Obstacle:
    """Review in mode `override`. Returns an obstacle if another user resolved the request first."""
    ensure_allowed(user, OVERRIDE)
    left_out = set(proposed.roles) != set(request.roles)
    roles = proposed.roles if left_out else ()
    decision = Decision(proposed.state, proposed.reason, roles, proposed.start)
    resolved = await override(services, user, request, decision)
    if resolved.state is not proposed.state or not is_attributed_to(resolved, user.name):
        return obstacle_to(user, resolved) or resolved
    return resolved


async def _submit_on_behalf(
    services: Services, user: AuthorizedUser, proposed: ProposedReview, *, visible: bool
) -> AccessRequest | Obstacle:
    """Review in mode `person`. Returns an obstacle if another review came first."""
    request_id = proposed.request_id
    review = Review(user.name, proposed.state, proposed.reason, assume_start=proposed.start)
    try:
        return await _call_teleport(services, request_id, review)
    except (AlreadyResolved, AlreadyReviewed, ReviewNotAllowed, OwnRequest, OnBehalfNotAllowed):
        if not visible:
            raise no_such_request(services, request_id) from None
        # The request's current state explains more than Teleport's error.
        if obstacle := obstacle_to(user, await read_request(services, request_id)):
            return obstacle
        raise
    except NotFound as error:
        raise no_such_request(services, request_id) from error


async def _call_teleport(services: Services, request_id: str, review: Review) -> AccessRequest:
    attempts = 0

    async def attempt(deadline: float) -> AccessRequest:
        nonlocal attempts
        attempts += 1
        return await services.teleport.requests.submit_review(request_id, review, deadline=deadline)

    try:
        request = await with_retry(attempt, idempotent=True)
    except OnBehalfNotAllowed as error:
        await services.on_behalf.record_rejection(error.text, review.author)
        raise
    except (AlreadyResolved, AlreadyReviewed):
        if attempts > 1:
            request = await read_request(services, request_id)
            mine = request.review_by(review.author)
            if mine is not None and (mine.state, mine.reason) == (review.state, review.reason):
                return request
        raise
    services.on_behalf.record_success()
    return request

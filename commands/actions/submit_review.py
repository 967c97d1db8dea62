"""A person's decision on a request, handed to Teleport as that person's review."""

import asyncio
from dataclasses import dataclass

import structlog

from commands.actions import find_request
from commands.actions.authorized_user import OVERRIDE, REVIEW, AuthorizedUser, ensure_allowed
from commands.actions.override import override
from commands.actions.services import Services
from commands.interactions.explain import no_such_request
from teleport_client.errors import (
    AlreadyResolved,
    AlreadyReviewed,
    NotFound,
    OnBehalfNotAllowed,
    OwnRequest,
    ReviewNotAllowed,
)
from teleport_client.model.access_request import AccessRequest, RequestState, Review
from teleport_client.rules.threshold_progress import counts
from workspace.requests.claim import is_attributed_to
from workspace.requests.request_draft import check_reason
from workspace.requests.review_policy import ReviewMode
from workspace.requests.user_error import UserError
from workspace.retry import with_retry
from workspace.views.card import card_model, status_line

_DONE = {RequestState.APPROVED: "approved", RequestState.DENIED: "denied"}


@dataclass(frozen=True, slots=True)
class Decided:
    """A request after somebody's decision."""

    request: AccessRequest
    review: Review | None
    """That decision, None in mode `override`: Teleport keeps no review then."""

    @property
    def has_effect(self) -> bool:
        return self.review is None or counts(self.review, self.request)


async def submit_decision(
    services: Services,
    slack_user_id: str,
    request_id: str,
    state: RequestState,
    reason: str = "",
    *,
    shown: bool,
) -> Decided:
    """Hand in a review. Gives the request as it stands afterwards.

    Person and request are read fresh; whether the person may is for Teleport to say. A request
    that was not `shown` to this person before is not spoken of unless they may know it. Raises
    Refusal, TeleportError.
    """
    structlog.contextvars.bind_contextvars(request_id=request_id, decision=state.value)
    ensure_reviews_enabled(services)
    check_reason(reason)
    user, request = await _read(services, slack_user_id, request_id)
    known = shown or find_request.is_visible(services, user, request)
    if known:
        ensure_open(user, request)
    mode = services.deciding.mode_of(request)
    if not known and mode is not ReviewMode.PERSON:
        raise no_such_request(request_id, services.policy.cluster)
    if mode is ReviewMode.NOTIFY:
        raise link_only_error(services, request_id)
    if mode is ReviewMode.OVERRIDE:
        ensure_allowed(user, OVERRIDE)
        decided = await _set_state(services, user, request, state, reason)
    else:
        review = Review(user.name, state, reason)
        decided = await _submit_on_behalf(services, user, request_id, review, known=known)
    services.changed(request_id)
    return Decided(decided, decided.review_by(user.name))


async def _read(
    services: Services, slack_user_id: str, request_id: str
) -> tuple[AuthorizedUser, AccessRequest]:
    """Read person and request at the same time. A refusal of the person comes first."""
    reading = asyncio.create_task(find_request.read_request(services, request_id))
    try:
        user = await services.authorize(slack_user_id, REVIEW)
        return user, await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _set_state(
    services: Services,
    user: AuthorizedUser,
    request: AccessRequest,
    state: RequestState,
    reason: str,
) -> AccessRequest:
    """Mode `override`. Somebody who was faster has decided, and this person is told so."""
    decided = await override(services, user, request, state, reason)
    if decided.state is not state or not is_attributed_to(decided, user.name):
        ensure_open(user, decided)
    return decided


async def _submit_on_behalf(
    services: Services, user: AuthorizedUser, request_id: str, review: Review, *, known: bool
) -> AccessRequest:
    """Mode `person`."""
    try:
        return await _submit(services, request_id, review)
    except (AlreadyResolved, AlreadyReviewed, ReviewNotAllowed, OwnRequest, OnBehalfNotAllowed):
        if not known:
            raise no_such_request(request_id, services.policy.cluster) from None
        # Somebody may have been faster: say who, from what is true now.
        ensure_open(user, await find_request.read_request(services, request_id))
        raise
    except NotFound as error:
        raise no_such_request(request_id, services.policy.cluster) from error


def ensure_reviews_enabled(services: Services) -> None:
    if services.deciding.mode is ReviewMode.OFF:
        raise UserError(
            "Reviews from Slack are turned off. Use tsh request review or the Teleport web UI.",
            reason="deciding_off",
        )


def link_only_error(services: Services, request_id: str) -> UserError:
    page = services.policy.request_url_base
    where = f"Review it at {page}{request_id}" if page else "Approve it with tctl"
    return UserError(
        f"This request can't be reviewed from Slack. Nothing changed. {where}.",
        reason="decided_elsewhere",
        command="" if page else f"tctl requests approve {request_id}",
    )


def ensure_open(user: AuthorizedUser, request: AccessRequest) -> None:
    """Refuse what is already certain from the request itself.

    Whether its time has passed is for Teleport to say: it takes reviews until it deletes a request.
    """
    if not request.pending:
        raise UserError(
            f"This request is already closed: {_resolution(request)}. Nothing changed.",
            reason="already_decided",
        )
    if request.user == user.name:
        raise UserError(
            "This is your own request; somebody else has to decide it. Nothing was done.",
            reason="own_request",
        )
    if vote := request.review_by(user.name):
        raise UserError(
            f"You've already {_DONE.get(vote.state, 'reviewed')} this request, and reviews are"
            " final. It's waiting for another reviewer.",
            reason="already_reviewed",
        )


def _resolution(request: AccessRequest) -> str:
    return status_line(card_model(request, request_url_base="", mode=ReviewMode.OFF, cluster=""))


async def _submit(services: Services, request_id: str, review: Review) -> AccessRequest:
    """Hand it in, again where no answer came: Teleport takes one review of each person.

    So when a repeated call is told that there is one already, it is looked at: it may be this.
    """
    attempts = 0

    async def attempt(deadline: float) -> AccessRequest:
        nonlocal attempts
        attempts += 1
        return await services.teleport.submit_review(request_id, review, deadline=deadline)

    try:
        decided = await with_retry(attempt, idempotent=True)
    except OnBehalfNotAllowed as error:
        await services.on_behalf.record_rejection(error.text, review.author)
        raise
    except (AlreadyResolved, AlreadyReviewed):
        if attempts > 1:
            request = await find_request.read_request(services, request_id)
            mine = request.review_by(review.author)
            if mine is not None and (mine.state, mine.reason) == (review.state, review.reason):
                return request
        raise
    services.on_behalf.record_success()
    return decided

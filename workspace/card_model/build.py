"""Builds card models: from a request, or from the last known model of a deleted request."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from teleport_client.model.access_request import AccessRequest, RequestState, Review
from teleport_client.model.lock import Lock
from teleport_client.rules.threshold_progress import has_effect, open_filters
from workspace.card_model.progress import (
    approvals_left,
    denial_rows,
    progress_rows,
    resolving_reviewers,
)
from workspace.card_model.record import CardLock, CardModel, CardReview
from workspace.card_model.status import Status, status_of
from workspace.moment import minutes_between
from workspace.requests.access_lock import lock_author
from workspace.requests.cancellation import Cancellation
from workspace.requests.claim import Claim, attribution
from workspace.requests.review_policy import ReviewMode
from workspace.text.resources import are_constraints_shown, resource_names, resource_texts

_LOCKABLE = {Status.WAITING, Status.APPROVED, Status.PROMOTED}
"""Statuses in which a lock stops access, now or later."""
_CLOCK_SKEW = timedelta(seconds=3)
"""Teleport deletes requests by its own clock, which can be ahead of the bot's."""


def build_card_model(
    request: AccessRequest,
    *,
    request_url_base: str,
    mode: ReviewMode,
    cluster: str,
    expired: bool = False,
    claim: Claim | None = None,
    host_names: Mapping[str, str] = MappingProxyType({}),
    lock: CardLock | None = None,
    can_lock: bool = False,
    confirm_roles: tuple[str, ...] = (),
) -> CardModel:
    """Return the current model of a request.

    `cluster` is the bot's own, and `host_names` are by ID. `expired` is as in `status_of`. `claim`
    confirms the approver of an override. `can_lock` means that users can lock access from Slack.
    `confirm_roles` are as in `roles_to_confirm`.
    """
    from_slack = attribution(request, claim)
    approver = from_slack.user if from_slack else ""
    status = status_of(request, expired=expired)
    shown_lock = lock if status in _LOCKABLE else None
    return CardModel(
        id=request.id,
        user=request.user,
        roles=request.roles,
        status=status,
        reason=request.reason,
        resources=resource_texts(request.resources, cluster),
        resource_names=resource_names(request.resources, cluster, host_names),
        access_until=request.access_until,
        waiting_until=request.expires if request.pending else None,
        assume_start=request.assume_start,
        progress=tuple(progress_rows(request)),
        reviews=tuple(_card_review(review, request) for review in request.reviews),
        resolved_by=(approver,) if approver else resolving_reviewers(request),
        resolve_reason=from_slack.reason if from_slack else request.resolve_reason,
        promoted_to=request.promoted_to,
        reviewers=request.suggested_reviewers if request.pending else (),
        request_url=request_url(request.id, request_url_base),
        review_in_slack=mode.from_slack and request.pending,
        review_in_teleport=mode is ReviewMode.NOTIFY and request.pending,
        constrained=any(each.constraints for each in request.resources),
        incomplete=not are_constraints_shown(request.resources),
        from_slack=from_slack is not None,
        approvals_left=approvals_left(request),
        access_for=minutes_between(request.created, request.access_until),
        lock=shown_lock,
        can_lock=can_lock and mode.from_slack and status is Status.APPROVED and shown_lock is None,
        confirm_roles=confirm_roles if mode.from_slack and request.pending else (),
        removed_roles=request.removed_roles if request.state is RequestState.APPROVED else (),
        denials=tuple(denial_rows(request)) if request.pending else (),
        filtered=request.pending and bool(open_filters(request)),
        long_term=request.long_term,
    )


def card_lock(lock: Lock | None) -> CardLock | None:
    if lock is None:
        return None
    author = lock_author(lock)
    return CardLock(author.user, author.reason) if author else CardLock(message=lock.message)


def close_card_model(
    card_model: CardModel, now: datetime, cancellation: Cancellation | None = None
) -> CardModel:
    """Return the model of a request that Teleport has deleted, from its last known model.

    Teleport doesn't report why a request is gone, so the time distinguishes expired requests from
    deleted ones. A cancellation counts only in the requester's name, because other programs can
    write plugin data, too.
    """
    if card_model.status is Status.WAITING:
        if cancellation is not None and cancellation.by == card_model.user:
            return replace(card_model, status=Status.CANCELLED, lock=None)
        late = _has_passed(card_model.waiting_until, now)
        status = Status.EXPIRED if late else Status.DELETED
        return replace(card_model, status=status, lock=None)
    if card_model.status is Status.APPROVED:
        if _has_passed(card_model.access_until, now):
            return replace(card_model, status=Status.ACCESS_ENDED, lock=None, can_lock=False)
        return replace(card_model, status=Status.DELETED_APPROVED, can_lock=False)
    return card_model


def request_url(request_id: str, request_url_base: str) -> str:
    """Return a request's URL in the Teleport web UI, empty if the cluster has no web UI."""
    return f"{request_url_base}{request_id}" if request_url_base else ""


def _card_review(review: Review, request: AccessRequest) -> CardReview:
    return CardReview(review.author, review.state, review.reason, has_effect(review, request))


def _has_passed(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now + _CLOCK_SKEW

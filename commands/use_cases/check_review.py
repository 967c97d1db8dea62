"""Check whether a user can review a request, before a form opens or a review is submitted.

The request itself rules out a review if it is closed, the user's own, or already reviewed by the
user. Whether a pending request has expired is for Teleport to decide: it accepts reviews until it
deletes the request.
"""

from dataclasses import dataclass
from typing import TypeAlias

from commands.use_cases.acting_user.authorized_user import (
    OVERRIDE,
    AuthorizedUser,
    ensure_allowed,
)
from commands.use_cases.find_request import is_visible, no_such_request
from commands.use_cases.services import Services
from teleport_client.errors import NotFound
from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.requests.review_policy import ReviewMode
from workspace.requests.user_error import UserError
from workspace.text.names import list_names


@dataclass(frozen=True, slots=True)
class RequestClosed:
    request: AccessRequest


@dataclass(frozen=True, slots=True)
class RequesterCannotReview:
    """The request is the user's own."""

    request: AccessRequest


@dataclass(frozen=True, slots=True)
class ReviewedBefore:
    """The user has reviewed this request, and Teleport accepts one review from each user."""

    state: RequestState


@dataclass(frozen=True, slots=True)
class OnlyInTeleport:
    """The review policy doesn't allow reviews of this request from Slack."""

    request_id: str


Obstacle: TypeAlias = RequestClosed | RequesterCannotReview | ReviewedBefore | OnlyInTeleport


async def check_review(
    services: Services, user: AuthorizedUser, request_id: str, *, already_visible: bool
) -> AccessRequest | Obstacle:
    """Return the request unless the user certainly can't review it, or the obstacle.

    A user learns of a request that wasn't `already_visible` only if Teleport shows it to them.
    Raises UserError, TeleportError.
    """
    try:
        request = await services.teleport.requests.get(request_id)
    except NotFound as error:
        raise no_such_request(services, request_id) from error
    if not already_visible and not is_visible(services, user, request):
        raise no_such_request(services, request_id)
    if obstacle := obstacle_to(user, request):
        return obstacle
    if services.review_policy.mode_of(request) is ReviewMode.NOTIFY:
        return OnlyInTeleport(request_id)
    ensure_reviewer(services, user, request)
    return request


def ensure_reviewer(services: Services, user: AuthorizedUser, request: AccessRequest) -> None:
    """Raise UserError if the user certainly can't review the request in its mode."""
    if services.review_policy.mode_of(request) is ReviewMode.OVERRIDE:
        ensure_allowed(user, OVERRIDE)
        ensure_approver(services, user, request)
    elif not user.unreadable and not services.permissions.reviewable(user, [request]):
        raise cannot_review()


def obstacle_to(user: AuthorizedUser, request: AccessRequest) -> Obstacle | None:
    """Return why this user can't review the request, if the request itself shows the reason."""
    if not request.pending:
        return RequestClosed(request)
    if request.user == user.name:
        return RequesterCannotReview(request)
    if review := request.review_by(user.name):
        return ReviewedBefore(review.state)
    return None


def ensure_reviews_enabled(services: Services) -> None:
    if services.review_policy.mode is ReviewMode.OFF:
        raise UserError(
            "Reviews from Slack are turned off. Use tsh request review or the Teleport web UI.",
            reason="reviews_off",
        )


def ensure_approver(services: Services, user: AuthorizedUser, request: AccessRequest) -> None:
    """Raise UserError unless the settings make the user an approver of all requested roles.

    Teleport applies no role's deny rules for reviews when the bot sets the state, so they are
    checked here.
    """
    if not services.review_policy.may_override(user.name, user.held, request):
        raise UserError(
            f"You aren't an approver for {list_names(request.roles)}. Nothing changed. Ask the"
            " bot's operator to add you to role_to_approvers.",
            reason="not_an_approver",
        )
    if services.permissions.is_review_denied(user, request):
        raise cannot_review()


def cannot_review() -> UserError:
    return UserError(
        "Your Teleport roles don't let you review this request. Nothing changed. Ask another"
        " reviewer, or ask a Teleport administrator for review_requests on these roles.",
        reason="cannot_review",
    )

"""Render the outcomes of a review: for the typed command, the buttons and the form."""

from typing import assert_never

from commands.interactions.responder import Responder
from commands.request_model import request_model
from commands.slash_commands import APPROVE
from commands.use_cases.check_review import (
    Obstacle,
    OnlyInTeleport,
    RequestClosed,
    RequesterCannotReview,
    ReviewedBefore,
)
from commands.use_cases.services import Services
from commands.use_cases.submit_review import (
    FormNeeded,
    NotCounted,
    Reviewed,
    ReviewOutcome,
    ReviewRejected,
)
from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.rules.threshold_progress import (
    filters_of,
    open_filters,
    open_sets_without,
)
from workspace.requests.user_error import UserError
from workspace.text.names import list_names
from workspace.views.cards.status_line import by_resolver
from workspace.views.parts.message import Message
from workspace.views.responses.review import OpenSet, review_submitted, without_effect_message

_VERBS = {RequestState.APPROVED: "approved", RequestState.DENIED: "denied"}
_RESOLUTIONS = _VERBS | {RequestState.PROMOTED: "granted through an access list"}


async def respond(
    services: Services, outcome: ReviewOutcome, responder: Responder, *, on_card: bool = False
) -> None:
    """Respond with the outcome. Raises UserError for a rejection, as for any other error.

    After a click on a card nothing more is sent if the card shows the effect of the review.
    """
    match outcome:
        case Reviewed(request=request, state=state, author=author):
            if not on_card or _needs_explanation(outcome):
                await responder.respond(_submitted(services, request, state, author))
        case NotCounted(request=request, state=state):
            model = request_model(services, request)
            await responder.respond(without_effect_message(model, open_filters(request, state)))
        case FormNeeded(request=request):
            raise _form_needed(request)
        case ReviewRejected(error=error):
            raise error
        case _:
            raise obstacle_error(services, outcome)


def _needs_explanation(reviewed: Reviewed) -> bool:
    """Return whether a request stays pending in a way that its card doesn't explain."""
    request = reviewed.request
    if not request.pending:
        return False
    return reviewed.state is RequestState.DENIED or bool(_uncounted(request, reviewed.author))


def _submitted(
    services: Services, request: AccessRequest, state: RequestState, author: str
) -> Message:
    return review_submitted(
        request_model(services, request),
        approve=state is RequestState.APPROVED,
        uncounted=_uncounted(request, author),
    )


def _uncounted(request: AccessRequest, author: str) -> list[OpenSet]:
    """Return the sets that this author's approval leaves as they were."""
    review = request.review_by(author)
    if review is None or not request.pending:
        return []
    return [
        OpenSet(one.roles, filters_of(one, request)) for one in open_sets_without(review, request)
    ]


def _form_needed(request: AccessRequest) -> UserError:
    return UserError(
        "This approval needs a reason, or the typed names of some roles, so nothing changed. To"
        " enter them, run:",
        reason="form_needed",
        suggested_command=f"{APPROVE} {request.id}",
    )


def obstacle_error(services: Services, obstacle: Obstacle) -> UserError:
    """Return an obstacle as the error that the user sees."""
    match obstacle:
        case RequestClosed(request=request):
            return UserError(
                f"This request was already {resolution(services, request)}. Nothing changed.",
                reason="already_closed",
            )
        case RequesterCannotReview(request=request):
            return UserError(
                f"You can't review your own request. {_ask_a_reviewer(request)}",
                reason="own_request",
            )
        case ReviewedBefore(state=state):
            return UserError(
                f"You've already {_VERBS.get(state, 'reviewed')} this request, and reviews are"
                " final. It's waiting for another reviewer.",
                reason="already_reviewed",
            )
        case OnlyInTeleport(request_id=request_id):
            return _only_in_teleport(services, request_id)
        case _:
            assert_never(obstacle)


def resolution(services: Services, request: AccessRequest) -> str:
    """Return how a request was resolved, such as `approved by bob`."""
    return _RESOLUTIONS[request.state] + by_resolver(request_model(services, request))


def _ask_a_reviewer(request: AccessRequest) -> str:
    others = [each for each in request.suggested_reviewers if each != request.user]
    return f"Ask a suggested reviewer: {list_names(others)}." if others else "Ask a reviewer."


def _only_in_teleport(services: Services, request_id: str) -> UserError:
    page = services.policy.request_url_base
    next_step = f"Review it at {page}{request_id}." if page else "Approve it with tctl:"
    return UserError(
        f"This request can't be reviewed from Slack. Nothing changed. {next_step}",
        reason="only_in_teleport",
        suggested_command="" if page else f"tctl requests approve {request_id}",
    )

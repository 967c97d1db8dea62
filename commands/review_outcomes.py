"""Render the outcomes of a review: for the typed command, the buttons and the form."""

from typing import assert_never

from commands.interactions.responder import Responder
from commands.request_model import request_model
from commands.use_cases.check_review import (
    Obstacle,
    OnlyInTeleport,
    RequestClosed,
    RequesterCannotReview,
    ReviewedBefore,
)
from commands.use_cases.services import Services
from commands.use_cases.submit_review import NotCounted, Reviewed, ReviewOutcome, ReviewRejected
from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.rules.threshold_progress import open_filters
from workspace.requests.user_error import UserError
from workspace.text.names import list_names
from workspace.views.cards.status_line import by_resolver
from workspace.views.responses.review import review_submitted, without_effect_message

_VERBS = {RequestState.APPROVED: "approved", RequestState.DENIED: "denied"}
_RESOLUTIONS = _VERBS | {RequestState.PROMOTED: "granted through an access list"}


async def respond(
    services: Services, outcome: ReviewOutcome, responder: Responder, *, on_card: bool = False
) -> None:
    """Respond with the outcome. Raises UserError for a rejection, as for any other error.

    After a click on a card nothing more is sent, since the card shows the review.
    """
    match outcome:
        case Reviewed(request=request, state=state):
            if not on_card:
                approve = state is RequestState.APPROVED
                message = review_submitted(request_model(services, request), approve=approve)
                await responder.respond(message)
        case NotCounted(request=request):
            filters = open_filters(request)
            message = without_effect_message(request_model(services, request), filters)
            await responder.respond(message)
        case ReviewRejected(error=error):
            raise error
        case _:
            raise obstacle_error(services, outcome)


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

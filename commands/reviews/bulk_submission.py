"""Review the requests that a user selected in a form, each one as if it were the only one.

Each review reads the user and the request again. A failure concerns only its own request, and the
response has a line for each of them.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace

import structlog

from commands.interactions.button_value import request_id_of
from commands.interactions.explain import explain
from commands.interactions.explain_slack import explain_slack
from commands.interactions.interaction import Interaction
from commands.interactions.listener import FormResult
from commands.interactions.responder import Responder
from commands.request_model import request_model
from commands.review_outcomes import obstacle_error
from commands.slash_commands import APPROVE
from commands.use_cases.acting_user.authorized_user import REVIEW
from commands.use_cases.services import Services
from commands.use_cases.submit_review import (
    FormNeeded,
    NotCounted,
    ProposedReview,
    Reviewed,
    ReviewOutcome,
    ReviewRejected,
    submit_review,
)
from teleport_client.errors import TeleportError, Unreachable
from teleport_client.model.access_request import RequestState
from workspace.requests.request_draft import check_reason, has_text
from workspace.requests.user_error import UserError
from workspace.retry import interaction_deadline
from workspace.sending.slack_failure import SLACK_ERRORS, describe
from workspace.views.cards.reviews import NO_EFFECT
from workspace.views.modals.bulk_review_modal import (
    MOST_REQUESTS,
    BulkReviewInput,
    first_boxes,
    read,
)
from workspace.views.modals.review_input import REASON
from workspace.views.parts.message import Message
from workspace.views.responses.bulk_review import BulkResult, bulk_review_message

_SECONDS = 25.0
"""For all reviews of one form."""
_AT_ONCE = 4
_UNSENT = "not sent, because the bot is restarting. Select it again."
_UNCONFIRMED = (
    "not confirmed, because the bot is restarting. Check /teleport-pending before you try again."
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def check(_services: Services, interaction: Interaction) -> FormResult:
    """Check the selection and the reason before the form closes. Teleport isn't needed for that."""
    submitted = _read(interaction)
    if errors := _errors(interaction, submitted):
        return FormResult(errors=errors)
    return FormResult(work=submit, channel=submitted.metadata.channel)


async def submit(services: Services, interaction: Interaction, responder: Responder) -> None:
    """Review each selected request, and report all results in one response."""
    submitted = _read(interaction)
    if errors := _errors(interaction, submitted):
        raise UserError(" ".join((*errors.values(), "Nothing changed.")), reason="form_errors")
    # Each result stands for an interruption at that moment, until the review has its own.
    results = {
        request_id: BulkResult(request_id, label, _UNSENT, retry=True)
        for request_id, label in submitted.labels.items()
    }
    responder.when_interrupted = lambda: _message(submitted, results.values())
    try:
        await services.authorize(interaction.slack_user_id, REVIEW)
    except Unreachable as error:
        cause = explain(error)
        raise UserError(
            cause.text, reason=cause.reason, suggested_command=submitted.reason
        ) from error
    with interaction_deadline(_SECONDS):
        turns = asyncio.Semaphore(_AT_ONCE)

        async def review(request_id: str) -> None:
            async with turns:
                results[request_id] = replace(results[request_id], text=_UNCONFIRMED)
                results[request_id] = await _review(
                    services, interaction.slack_user_id, submitted, request_id
                )

        await asyncio.gather(*map(review, submitted.labels))
    await responder.respond(_message(submitted, results.values()))


def _message(submitted: BulkReviewInput, results: Collection[BulkResult]) -> Message:
    return bulk_review_message(
        results,
        approve=submitted.metadata.approve,
        unsent_reason=submitted.reason if any(each.retry for each in results) else "",
    )


async def _review(
    services: Services, slack_user_id: str, submitted: BulkReviewInput, request_id: str
) -> BulkResult:
    state = RequestState.APPROVED if submitted.metadata.approve else RequestState.DENIED
    label = submitted.labels[request_id]
    try:
        proposed = ProposedReview(request_id_of(request_id), state, submitted.reason)
        outcome = await submit_review(services, slack_user_id, proposed)
    except (UserError, TeleportError, *SLACK_ERRORS) as error:
        log.warning("bulk_review_failed", request_id=request_id, error=describe(error))
        retry = not isinstance(error, UserError)
        return BulkResult(request_id, label, _error_text(error), retry=retry)
    done = isinstance(outcome, Reviewed | NotCounted)
    return BulkResult(request_id, label, _text(services, outcome), done=done)


def _text(services: Services, outcome: ReviewOutcome) -> str:
    match outcome:
        case Reviewed():
            return _effect(services, outcome)
        case NotCounted():
            return f"recorded, but your review {NO_EFFECT}"
        case FormNeeded(request=request):
            return f"needs a reason or typed names of roles: run {APPROVE} {request.id}"
        case ReviewRejected(error=error):
            return error.text
        case _:
            return obstacle_error(services, outcome).text


def _error_text(error: Exception) -> str:
    if isinstance(error, UserError):
        return error.text
    if isinstance(error, TeleportError):
        return explain(error).text
    return explain_slack(error).text


def _effect(services: Services, reviewed: Reviewed) -> str:
    """Describe the effect of a recorded review."""
    if not reviewed.request.pending:
        return str(reviewed.request.state)
    model = request_model(services, reviewed.request)
    rows = model.progress if reviewed.state is RequestState.APPROVED else model.denials
    progress = f": {'; '.join(rows)}" if rows else ""
    return f"recorded, still waiting{progress}"


def _errors(interaction: Interaction, submitted: BulkReviewInput) -> dict[str, str]:
    """Return errors by block ID."""
    values = interaction.form.values if interaction.form else {}
    errors = {}
    if not submitted.labels:
        errors[first_boxes(values)] = "Select at least one request."
    elif len(submitted.labels) > MOST_REQUESTS:
        errors[first_boxes(values)] = f"Select at most {MOST_REQUESTS} requests."
    try:
        check_reason(submitted.reason)
    except UserError as error:
        errors[REASON] = error.text
    if not submitted.metadata.approve and not has_text(submitted.reason):
        errors[REASON] = "Enter a reason. The requesters will see it."
    return errors


def _read(interaction: Interaction) -> BulkReviewInput:
    if interaction.form is None:
        raise ValueError("a submitted form has a state")
    return read(interaction.form.values, interaction.form.private_metadata)

"""The form that asks a reviewer for a reason.

It opens within `FORM_SECONDS`, before Slack's trigger expires. If Teleport is slower, it opens
without the request's details; all checks run again when the form is submitted.
"""

import asyncio

import structlog

from commands.interactions.explain import explain
from commands.interactions.interaction import Interaction
from commands.interactions.listener import FormResult
from commands.interactions.responder import Responder
from commands.request_model import request_model
from commands.review_outcomes import obstacle_error, respond
from commands.slash_commands import APPROVE, DENY
from commands.use_cases.acting_user.authorized_user import FILL_IN_REVIEW
from commands.use_cases.check_review import check_review
from commands.use_cases.services import Services
from commands.use_cases.submit_review import ProposedReview, submit_review
from teleport_client.errors import Unreachable
from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.card_model.record import CardModel
from workspace.requests.request_draft import REASON_BYTES, check_reason
from workspace.requests.user_error import UserError
from workspace.retry import FORM_SECONDS
from workspace.text.untrusted import safe_text
from workspace.views.modals.review_modal import REASON, ReviewFormMetadata, read, review_form
from workspace.views.parts.message import text_message

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def proposed_review(review: ReviewFormMetadata, reason: str) -> ProposedReview:
    state = RequestState.APPROVED if review.approve else RequestState.DENIED
    return ProposedReview(review.request_id, state, reason, already_visible=review.already_visible)


async def open_form(
    services: Services,
    interaction: Interaction,
    review: ReviewFormMetadata,
    responder: Responder,
) -> None:
    user = await services.authorize(interaction.slack_user_id, FILL_IN_REVIEW)
    model: CardModel | None = None
    try:
        async with asyncio.timeout(FORM_SECONDS):
            checked = await check_review(
                services, user, review.request_id, already_visible=review.already_visible
            )
    except (Unreachable, TimeoutError) as error:
        log.info("modal_request_load_failed", request_id=review.request_id, error=str(error))
    else:
        if not isinstance(checked, AccessRequest):
            raise obstacle_error(services, checked)
        model = request_model(services, checked)
    typed = f"{_command(review)} {review.request_id} <reason>"
    if not await responder.open_form(review_form(review, model), typed=typed):
        text = "The form didn't open. Click again, or run:"
        await responder.respond(text_message(text, preformatted=typed))


async def check(_services: Services, interaction: Interaction) -> FormResult:
    """Check the reason before the form closes. Teleport isn't needed for that."""
    review, reason = _read(interaction)
    try:
        check_reason(reason)
    except UserError as error:
        return FormResult(errors={REASON: error.text})
    if not safe_text(reason, REASON_BYTES):
        return FormResult(errors={REASON: "Enter a reason. The requester will see it."})
    return FormResult(work=submit, channel=review.channel)


async def submit(services: Services, interaction: Interaction, responder: Responder) -> None:
    """Submit the review. If Teleport is unreachable, the response keeps the typed reason."""
    review, reason = _read(interaction)
    proposed = proposed_review(review, reason)
    try:
        outcome = await submit_review(services, interaction.slack_user_id, proposed)
    except Unreachable as error:
        cause = explain(error)
        retry = f"{_command(review)} {review.request_id} {reason}"
        raise UserError(cause.text, reason=cause.reason, suggested_command=retry) from error
    await respond(services, outcome, responder)


def _command(review: ReviewFormMetadata) -> str:
    return APPROVE if review.approve else DENY


def _read(interaction: Interaction) -> tuple[ReviewFormMetadata, str]:
    if interaction.form is None:
        raise ValueError("a submitted form has a state")
    return read(interaction.form.values, interaction.form.private_metadata)

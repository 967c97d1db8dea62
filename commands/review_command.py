"""`/teleport-approve` and `/teleport-deny`, and the buttons on cards and in lists.

Only a full ID submits a review: a part of one shows the request, and no ID opens a form
with all requests to review. A denial
needs a reason, so without one a form opens (`review_form.py`). An approval needs one, or the typed
names of roles, only if the settings require it; Slack's own dialog confirms the click.
"""

from collections.abc import Sequence
from dataclasses import replace

from commands.interactions.button_value import request_id_of
from commands.interactions.interaction import Interaction
from commands.interactions.listener import Handler
from commands.interactions.responder import Responder
from commands.parsing.review_grammar import parse_review
from commands.parsing.words import wants_help
from commands.request_model import request_model
from commands.review_form import open_form, proposed_review, show_form
from commands.review_outcomes import respond
from commands.reviews.bulk_form import open_bulk_form
from commands.slash_commands import APPROVE, DENY
from commands.use_cases import find_request
from commands.use_cases.acting_user.authorized_user import LIST, AuthorizedUser
from commands.use_cases.check_review import ensure_reviews_enabled
from commands.use_cases.services import Services
from commands.use_cases.submit_review import FormNeeded, submit_review
from teleport_client.model.access_request import AccessRequest
from workspace.views.cards.card import card
from workspace.views.modals.review_input import ReviewFormMetadata
from workspace.views.parts.message import Message, text_message
from workspace.views.requests.request_row import Row
from workspace.views.responses.help import help_message
from workspace.views.responses.pending_list import PAGE, list_page


def command(*, approve: bool) -> Handler:
    name = APPROVE if approve else DENY

    async def handle(services: Services, interaction: Interaction, responder: Responder) -> None:
        if wants_help(interaction.text):
            await responder.respond(help_message(name))
            return
        ensure_reviews_enabled(services)
        request_id, reason = parse_review(interaction.text)
        if not request_id:
            await open_bulk_form(services, interaction, responder, approve=approve, reason=reason)
        elif not find_request.is_full_id(request_id):
            user = await services.authorize(interaction.slack_user_id, LIST)
            rows = await _find(services, user, request_id)
            await responder.respond(_found(rows, request_id, name, reason))
        else:
            review = ReviewFormMetadata(request_id, approve, responder.channel)
            await _review(services, interaction, review, responder, reason)

    return handle


async def approve_with(services: Services, interaction: Interaction, responder: Responder) -> None:
    """Open the form with the options of an approval."""
    request_id = request_id_of(interaction.value)
    ensure_reviews_enabled(services)
    review = ReviewFormMetadata(
        request_id, approve=True, channel=responder.channel, already_visible=True
    )
    await open_form(services, interaction, review, responder, with_options=True)


def button(*, approve: bool) -> Handler:
    async def handle(services: Services, interaction: Interaction, responder: Responder) -> None:
        request_id = request_id_of(interaction.value)
        ensure_reviews_enabled(services)
        review = ReviewFormMetadata(request_id, approve, responder.channel, already_visible=True)
        await _review(services, interaction, review, responder)

    return handle


async def _review(
    services: Services,
    interaction: Interaction,
    review: ReviewFormMetadata,
    responder: Responder,
    reason: str = "",
) -> None:
    """Submit the review, or open the form if a reason or a typed name is missing."""
    if not reason and (not review.approve or services.review_policy.needs_reason(())):
        await open_form(services, interaction, review, responder)
        return
    proposed = proposed_review(review, reason)
    outcome = await submit_review(services, interaction.slack_user_id, proposed)
    if isinstance(outcome, FormNeeded):
        await show_form(services, review, outcome.request, responder, reason=reason)
    else:
        await respond(services, outcome, responder, on_card=interaction.on_card)


async def _find(services: Services, user: AuthorizedUser, part: str) -> list[Row]:
    """Return the requests with an ID that ends in `part`."""
    found = await find_request.find_by_suffix(services, user, part)
    reviewable = services.permissions.reviewable(user, found)
    return [_row(services, each, reviewable=each.id in reviewable) for each in found]


def _found(rows: Sequence[Row], part: str, name: str, reason: str) -> Message:
    """Show the request with its full command line, or list several requests.

    The buttons can't contain the typed reason.
    """
    if len(rows) > 1:
        shown = f". The newest {PAGE}:" if len(rows) > PAGE else ""
        return list_page(f"{len(rows)} requests have an ID ending in {part}{shown}", rows[:PAGE])
    (row,) = rows
    model = row.card_model
    if not row.can_review:
        return card(replace(model, review_in_slack=False))
    if not (reason and model.review_in_slack):
        return card(model)
    text = (
        "Nothing changed: a partial ID isn't enough. The buttons don't send your reason. To send"
        " it, run:"
    )
    hint = text_message(text, preformatted=f"{name} {model.id} {reason}")
    return Message((*card(model).blocks, *hint.blocks))


def _row(services: Services, request: AccessRequest, *, reviewable: bool) -> Row:
    return Row(request_model(services, request), request.created, can_review=reviewable)

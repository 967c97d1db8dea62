"""Approve and deny: typed with an id, clicked on a card or in a list, handed in with a form."""

import asyncio
from dataclasses import replace
from uuid import UUID

import structlog

from commands.actions import find_request
from commands.actions.authorized_user import (
    FILL_IN_REVIEW,
    LIST,
    OVERRIDE,
    AuthorizedUser,
    ensure_allowed,
)
from commands.actions.override import ensure_approver
from commands.actions.services import Services
from commands.actions.submit_review import (
    ensure_open,
    ensure_reviews_enabled,
    link_only_error,
    submit_decision,
)
from commands.interactions.explain import explain, may_not_review, no_such_request
from commands.interactions.interaction import Interaction
from commands.interactions.listener import FormResult, Handler
from commands.interactions.responder import Responder
from commands.parsing.review_grammar import review_from
from commands.parsing.words import wants_help
from commands.slash_commands import APPROVE, DENY, PENDING
from teleport_client.errors import NotFound, Unreachable
from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.rules.threshold_progress import open_filters
from workspace.requests.request_draft import REASON_BYTES, check_reason
from workspace.requests.review_policy import ReviewMode
from workspace.requests.user_error import UserError
from workspace.retry import FORM_SECONDS
from workspace.views.card import CardModel, card
from workspace.views.forms.review_form import REASON, ReviewFormMetadata, read, review_form
from workspace.views.help import help_message
from workspace.views.parts.message import sentence
from workspace.views.parts.outdated import outdated_button, reading
from workspace.views.parts.untrusted import safe_text
from workspace.views.pending_list import Row, pending_list
from workspace.views.review_response import review_submitted, without_effect_message

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def command(*, approve: bool) -> Handler:
    """`/teleport-approve` and `/teleport-deny`. Only a whole id decides."""
    name = APPROVE if approve else DENY

    async def work(services: Services, interaction: Interaction, reply: Responder) -> None:
        if wants_help(interaction.text):
            await reply.respond(help_message(name))
            return
        ensure_reviews_enabled(services)
        typed, reason = review_from(interaction.text)
        if not typed:
            await _pick(services, interaction, reply)
        elif not find_request.is_full_id(typed):
            await _show(services, interaction, typed, reply, name=name, reason=reason)
        elif reason or not _needs_reason(services, approve=approve):
            await _decide(services, interaction, reply, ReviewFormMetadata(typed, approve), reason)
        else:
            await _open_form(
                services, interaction, ReviewFormMetadata(typed, approve, reply.channel), reply
            )

    return work


def button(*, approve: bool) -> Handler:
    """Approve acts at once, Slack's own dialog having asked; deny asks for a reason."""

    async def work(services: Services, interaction: Interaction, reply: Responder) -> None:
        request_id = _request_id(interaction.value)
        ensure_reviews_enabled(services)
        if _needs_reason(services, approve=approve):
            decision = ReviewFormMetadata(request_id, approve, reply.channel, already_visible=True)
            await _open_form(services, interaction, decision, reply)
        else:
            decision = ReviewFormMetadata(request_id, approve, already_visible=True)
            await _decide(services, interaction, reply, decision, "")

    return work


def _request_id(value: str) -> str:
    """Return a button's value if Teleport could use it as the ID of a request.

    Teleport's rule is Go's uuid.Parse (lib/services/access_request.go).
    """
    with reading(outdated_button(PENDING)):
        UUID(value)
    return value


async def check_form(_services: Services, interaction: Interaction) -> FormResult:
    decision, reason = _handed_in(interaction)
    try:
        check_reason(reason)
    except UserError as refusal:
        return FormResult(errors={REASON: refusal.sentence})
    if not safe_text(reason, REASON_BYTES):
        return FormResult(errors={REASON: "Say why; the requester is told."})
    return FormResult(work=submit_form, channel=decision.channel)


async def submit_form(services: Services, interaction: Interaction, reply: Responder) -> None:
    decision, reason = _handed_in(interaction)
    try:
        await _decide(services, interaction, reply, decision, reason)
    except Unreachable as error:
        # The form is gone, and what was typed in it should not be.
        refusal = explain(error)
        name = APPROVE if decision.approve else DENY
        retry = f"{name} {decision.request_id} {reason}"
        raise UserError(refusal.sentence, reason=refusal.reason, command=retry) from error


def _needs_reason(services: Services, *, approve: bool) -> bool:
    return not approve or services.policy.approve_with_reason


def _handed_in(interaction: Interaction) -> tuple[ReviewFormMetadata, str]:
    if interaction.form is None:
        raise ValueError("a form that was handed in has a state")
    return read(interaction.form.values, interaction.form.private_metadata)


async def _decide(
    services: Services,
    interaction: Interaction,
    reply: Responder,
    decision: ReviewFormMetadata,
    reason: str,
) -> None:
    state = RequestState.APPROVED if decision.approve else RequestState.DENIED
    decided = await submit_decision(
        services,
        interaction.slack_user_id,
        decision.request_id,
        state,
        reason,
        shown=decision.already_visible,
    )
    face = services.face(decided.request)
    if not decided.has_effect:
        await reply.respond(without_effect_message(face, open_filters(decided.request)))
    elif not interaction.on_card:
        await reply.respond(review_submitted(face, approve=decision.approve))


async def _open_form(
    services: Services, interaction: Interaction, decision: ReviewFormMetadata, reply: Responder
) -> None:
    user = await services.authorize(interaction.slack_user_id, FILL_IN_REVIEW)
    face: CardModel | None = None
    try:
        async with asyncio.timeout(FORM_SECONDS):
            request = await services.teleport.request(decision.request_id)
            if not decision.already_visible and not find_request.is_visible(
                services, user, request
            ):
                raise no_such_request(decision.request_id, services.policy.cluster)
        ensure_open(user, request)
        _check_may_decide(services, user, request)
        face = services.face(request)
    except NotFound as error:
        raise no_such_request(decision.request_id, services.policy.cluster) from error
    except (Unreachable, TimeoutError) as error:
        # The form says less then; what it hands in is checked again anyway.
        log.info("modal_request_load_failed", request_id=decision.request_id, error=str(error))
    name = APPROVE if decision.approve else DENY
    typed = f"{name} {decision.request_id} <reason>"
    if not await reply.open_form(review_form(decision, face), typed=typed):
        said = "The form didn't open. Click again, or run:"
        await reply.respond(sentence(said, preformatted=typed))


def _check_may_decide(services: Services, user: AuthorizedUser, request: AccessRequest) -> None:
    mode = services.deciding.mode_of(request)
    if mode is ReviewMode.NOTIFY:
        raise link_only_error(services, request.id)
    if mode is ReviewMode.OVERRIDE:
        ensure_allowed(user, OVERRIDE)
        ensure_approver(services, user, request)
    elif not user.unreadable and not services.permissions.reviewable(user, [request]):
        raise may_not_review()


async def _pick(services: Services, interaction: Interaction, reply: Responder) -> None:
    user = await services.authorize(interaction.slack_user_id, LIST)
    pending = await find_request.pending_requests(services)
    reviewable = services.permissions.reviewable(user, pending)
    rows = [
        Row(services.face(request), request.created, may_decide=True)
        for request in pending
        if request.id in reviewable and services.deciding.mode_of(request).from_slack
    ]
    if not rows:
        await reply.respond(sentence("No request waits for you."))
        return
    await reply.respond(pending_list("Pick the one to decide", rows, scope="reviewable"))


async def _show(
    services: Services,
    interaction: Interaction,
    part: str,
    reply: Responder,
    *,
    name: str,
    reason: str,
) -> None:
    """Show what a part of an id means; it is not enough to decide."""
    user = await services.authorize(interaction.slack_user_id, LIST)
    found = await find_request.find_by_suffix(services, user, part)
    reviewable = services.permissions.reviewable(user, found)
    rows = [
        Row(services.face(request), request.created, may_decide=request.id in reviewable)
        for request in found
    ]
    if len(rows) > 1:
        await reply.respond(pending_list(f"{len(rows)} requests end in {part}", rows, scope="mine"))
        return
    (row,) = rows
    await reply.respond(card(row.face if row.may_decide else replace(row.face, can_decide=False)))
    if row.may_decide and reason:
        await reply.respond(
            sentence(
                "Nothing is decided yet: that takes the whole id. Use the buttons, or type:",
                preformatted=f"{name} {row.face.id} {reason}",
            )
        )

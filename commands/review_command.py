"""Approve and deny: typed with an id, clicked on a card or in a list, handed in with a form."""

import asyncio
from dataclasses import replace
from uuid import UUID

import structlog

from commands import find_request, pending_command
from commands.authorized_user import (
    FILL_IN_REVIEW,
    LIST,
    OVERRIDE,
    AuthorizedUser,
    ensure_allowed,
)
from commands.explain import explain, may_not_review, no_such_request
from commands.interaction import Interaction
from commands.listener import Checked, Work
from commands.override import refuse_unless_approver
from commands.patience import FORM_SECONDS
from commands.reply import Reply
from commands.review_grammar import review_from
from commands.services import Services
from commands.submit_review import (
    check_open,
    decide,
    decided_elsewhere,
    refuse_if_deciding_is_off,
)
from commands.words import wants_help
from teleport_client.access_request import AccessRequest, RequestState
from teleport_client.errors import NotFound, Unreachable
from teleport_client.threshold_progress import open_filters
from workspace.ask import REASON_BYTES, check_reason
from workspace.deciding import Mode
from workspace.refusal import Refusal
from workspace.untrusted import prose
from workspace.views.card import CardFace, card
from workspace.views.help import help_message
from workspace.views.message import sentence
from workspace.views.outdated import outdated_button, reading
from workspace.views.pending_list import Row, pending_list
from workspace.views.review_answer import decided_message, without_effect_message
from workspace.views.review_form import REASON, Decision, read, review_form

APPROVE_COMMAND, DENY_COMMAND = "/teleport-approve", "/teleport-deny"

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def command(*, approve: bool) -> Work:
    """`/teleport-approve` and `/teleport-deny`. Only a whole id decides."""
    name = APPROVE_COMMAND if approve else DENY_COMMAND

    async def work(services: Services, interaction: Interaction, reply: Reply) -> None:
        if wants_help(interaction.text):
            await reply.say(help_message(name))
            return
        refuse_if_deciding_is_off(services)
        typed, reason = review_from(interaction.text)
        if not typed:
            await _pick(services, interaction, reply)
        elif not find_request.is_full_id(typed):
            await _show(services, interaction, typed, reply, name=name, reason=reason)
        elif reason or not _needs_reason(services, approve=approve):
            await _decide(services, interaction, reply, Decision(typed, approve), reason)
        else:
            await _open_form(services, interaction, Decision(typed, approve, reply.channel), reply)

    return work


def button(*, approve: bool) -> Work:
    """Approve acts at once, Slack's own dialog having asked; deny asks for a reason."""

    async def work(services: Services, interaction: Interaction, reply: Reply) -> None:
        request_id = _request_id(interaction.value)
        refuse_if_deciding_is_off(services)
        if _needs_reason(services, approve=approve):
            decision = Decision(request_id, approve, reply.channel, shown=True)
            await _open_form(services, interaction, decision, reply)
        else:
            decision = Decision(request_id, approve, shown=True)
            await _decide(services, interaction, reply, decision, "")

    return work


def _request_id(value: str) -> str:
    """Return a button's value if Teleport could use it as the ID of a request.

    Teleport's rule is Go's uuid.Parse (lib/services/access_request.go).
    """
    with reading(outdated_button(pending_command.NAME)):
        UUID(value)
    return value


async def check_form(_services: Services, interaction: Interaction) -> Checked:
    decision, reason = _handed_in(interaction)
    try:
        check_reason(reason)
    except Refusal as refusal:
        return Checked(errors={REASON: refusal.sentence})
    if not prose(reason, REASON_BYTES):
        return Checked(errors={REASON: "Say why; the requester is told."})
    return Checked(work=submit_form, channel=decision.channel)


async def submit_form(services: Services, interaction: Interaction, reply: Reply) -> None:
    decision, reason = _handed_in(interaction)
    try:
        await _decide(services, interaction, reply, decision, reason)
    except Unreachable as error:
        # The form is gone, and what was typed in it should not be.
        refusal = explain(error)
        name = APPROVE_COMMAND if decision.approve else DENY_COMMAND
        retry = f"{name} {decision.request_id} {reason}"
        raise Refusal(refusal.sentence, reason=refusal.reason, command=retry) from error


def _needs_reason(services: Services, *, approve: bool) -> bool:
    return not approve or services.policy.approve_with_reason


def _handed_in(interaction: Interaction) -> tuple[Decision, str]:
    if interaction.form is None:
        raise ValueError("a form that was handed in has a state")
    return read(interaction.form.values, interaction.form.private_metadata)


async def _decide(
    services: Services, interaction: Interaction, reply: Reply, decision: Decision, reason: str
) -> None:
    state = RequestState.APPROVED if decision.approve else RequestState.DENIED
    decided = await decide(
        services, interaction.slack_id, decision.request_id, state, reason, shown=decision.shown
    )
    face = services.face(decided.request)
    if not decided.has_effect:
        await reply.say(without_effect_message(face, open_filters(decided.request)))
    elif not interaction.on_card:
        await reply.say(decided_message(face, approve=decision.approve))


async def _open_form(
    services: Services, interaction: Interaction, decision: Decision, reply: Reply
) -> None:
    user = await services.authorize(interaction.slack_id, FILL_IN_REVIEW)
    face: CardFace | None = None
    try:
        async with asyncio.timeout(FORM_SECONDS):
            request = await services.teleport.request(decision.request_id)
            if not decision.shown and not find_request.is_visible(services, user, request):
                raise no_such_request(decision.request_id, services.policy.cluster)
        check_open(user, request)
        _check_may_decide(services, user, request)
        face = services.face(request)
    except NotFound as error:
        raise no_such_request(decision.request_id, services.policy.cluster) from error
    except (Unreachable, TimeoutError) as error:
        # The form says less then; what it hands in is checked again anyway.
        log.info("form_without_request", request_id=decision.request_id, error=str(error))
    name = APPROVE_COMMAND if decision.approve else DENY_COMMAND
    typed = f"{name} {decision.request_id} <reason>"
    if not await reply.open_form(review_form(decision, face), typed=typed):
        said = "The form didn't open. Click again, or run:"
        await reply.say(sentence(said, to_copy=typed))


def _check_may_decide(services: Services, user: AuthorizedUser, request: AccessRequest) -> None:
    mode = services.deciding.mode_of(request)
    if mode is Mode.NOTIFY:
        raise decided_elsewhere(services, request.id)
    if mode is Mode.OVERRIDE:
        ensure_allowed(user, OVERRIDE)
        refuse_unless_approver(services, user, request)
    elif not user.unreadable and not services.permissions.reviewable(user, [request]):
        raise may_not_review()


async def _pick(services: Services, interaction: Interaction, reply: Reply) -> None:
    user = await services.authorize(interaction.slack_id, LIST)
    pending = await find_request.pending_requests(services)
    reviewable = services.permissions.reviewable(user, pending)
    rows = [
        Row(services.face(request), request.created, may_decide=True)
        for request in pending
        if request.id in reviewable and services.deciding.mode_of(request).from_slack
    ]
    if not rows:
        await reply.say(sentence("No request waits for you."))
        return
    await reply.say(pending_list("Pick the one to decide", rows, scope="reviewable"))


async def _show(
    services: Services,
    interaction: Interaction,
    part: str,
    reply: Reply,
    *,
    name: str,
    reason: str,
) -> None:
    """Show what a part of an id means; it is not enough to decide."""
    user = await services.authorize(interaction.slack_id, LIST)
    found = await find_request.ending_with(services, user, part)
    reviewable = services.permissions.reviewable(user, found)
    rows = [
        Row(services.face(request), request.created, may_decide=request.id in reviewable)
        for request in found
    ]
    if len(rows) > 1:
        await reply.say(pending_list(f"{len(rows)} requests end in {part}", rows, scope="mine"))
        return
    (row,) = rows
    await reply.say(card(row.face if row.may_decide else replace(row.face, can_decide=False)))
    if row.may_decide and reason:
        await reply.say(
            sentence(
                "Nothing is decided yet: that takes the whole id. Use the buttons, or type:",
                to_copy=f"{name} {row.face.id} {reason}",
            )
        )

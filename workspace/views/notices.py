"""Notices: DMs to the requester about a new request, its outcome, and the end of the access.

A notification on a phone shows the beginning of a notice. So the text of an outcome begins with the
outcome, its reviewers, the access and the reason, in this order, and long names are cut in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, ButtonElement, RichTextElement

from workspace.card_model.notice import Notice
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.untrusted import safe_name
from workspace.views.cards.actions import actions
from workspace.views.cards.certificates import valid_certificates
from workspace.views.cards.facts import access_times
from workspace.views.cards.lock import lock_line
from workspace.views.cards.own_request_buttons import (
    cancel_button,
    done_button,
    extend_button,
    request_again_button,
)
from workspace.views.cards.status_line import access_list, by_resolver, status_text
from workspace.views.end_warning import end_warning
from workspace.views.parts import rich
from workspace.views.parts.fact import Fact, fact_parts
from workspace.views.parts.footer import footer
from workspace.views.parts.message import Message, message
from workspace.views.parts.reason import quoted_reason
from workspace.views.parts.request_name import for_duration, request_name, target_names

_HEADLINES = {
    Notice.CREATED: "⏳ Your request for {wanted} is waiting for approval.",
    Notice.APPROVED: "✅ Your request for {wanted} was approved{by}.",
    Notice.DENIED: "⛔ Your request for {wanted} was denied{by}.",
    Notice.PROMOTED: "📋 You were granted permanent access to {wanted}{by}, through {access_list}.",
    Notice.EXPIRED: "⌛ Your request for {wanted} expired without a decision.",
    Notice.DELETED: "🗑️ Your request for {wanted} was deleted before a decision.",
}
_LEADS = {
    Notice.CREATED: "⏳ Waiting for approval: {wanted}.",
    Notice.APPROVED: "✅ Approved{by}: temporary access to {wanted}.",
    Notice.DENIED: "⛔ Denied{by}: {wanted}.",
    Notice.PROMOTED: "📋 Permanent access granted{by}: {wanted}, through {access_list}.",
    Notice.EXPIRED: "⌛ Expired without a decision: your request for {wanted}.",
    Notice.DELETED: "🗑️ Deleted before a decision: your request for {wanted}.",
}
"""The first line of a notification, in place of the headline."""
_ENDED_LEAD = "🏁 Access has ended: {wanted}, approved{by}."
_ENDED = "🏁 Your request for {wanted} was approved{by}, and access has ended."
_NOT_ANNOUNCED = (
    "⚠️ No channel or reviewer got a message about it. Ask a reviewer yourself, and tell the bot's"
    " operator."
)
_UPDATE_PROMISE = "You'll get a message here when it's reviewed."
_LOGINS_LOCKED = "Logins with this request don't work any more. To go on without it, run:"
_PERMANENT = (
    "You keep it while you're a member of the access list. Log in to Teleport again to use it."
)
_REASON = "Reason: "
_LEAD_ROOM = 100
_DELETED_SINCE = "The request has been deleted since, so you can't log in with it any more."


@dataclass(frozen=True, slots=True)
class NoticeOptions:
    """Buttons and hints of a notice. A change affects new notices only."""

    can_cancel: bool = True
    """Whether the bot can cancel requests."""
    can_request: bool = True
    """Whether users can request access from Slack."""
    announced: bool = True
    """Whether a channel or a reviewer got the card of a new request."""
    can_lock: bool = False
    """Whether users can lock their access."""
    proxy: str = ""
    """Address of the Teleport proxy for `tsh login --proxy`, empty if it isn't known."""


DEFAULT_OPTIONS = NoticeOptions()


def notice(
    kind: Notice, card_model: CardModel, options: NoticeOptions = DEFAULT_OPTIONS
) -> Message:
    if kind is Notice.CREATED and card_model.status.closed:
        return _closed_notice(card_model)
    if kind is Notice.ENDING:
        return end_warning(card_model, can_request=options.can_request)
    reason = "" if kind is Notice.CREATED else card_model.resolve_reason
    return message(
        rich.lines((rich.bold(_headline(kind, card_model)),)),
        *quoted_reason(reason, label=_REASON),
        *fact_parts(_facts(kind, card_model)),
        *_next_step(kind, card_model, options),
        *_buttons(kind, card_model, options),
        footer(card_model),
        lead=_lead(kind, card_model),
    )


def _closed_notice(card_model: CardModel) -> Message:
    """Replace the notice of a new request. Another notice has the details of the outcome."""
    details = "" if card_model.status is Status.CANCELLED else " See the next message."
    return message(
        rich.lines(
            (rich.struck(f"Your request for {request_name(card_model)}"),),
            (f"{status_text(card_model.status)}.{details}",),
        ),
        footer(card_model),
    )


def _headline(kind: Notice, card_model: CardModel) -> str:
    headline = _ENDED if _has_ended(kind, card_model) else _HEADLINES[kind]
    return headline.format(
        wanted=f"{target_names(card_model)}{_duration(kind, card_model)}",
        by=by_resolver(card_model),
        access_list=access_list(card_model),
    )


def _lead(kind: Notice, card_model: CardModel) -> str:
    """Return the headline with the outcome first, and with shorter names."""
    lead = _ENDED_LEAD if _has_ended(kind, card_model) else _LEADS[kind]
    wanted = target_names(card_model, each=32, room=_LEAD_ROOM)
    return lead.format(
        wanted=f"{wanted}{_duration(kind, card_model)}",
        by=by_resolver(card_model, each=32),
        access_list=access_list(card_model),
    )


def _has_ended(kind: Notice, card_model: CardModel) -> bool:
    return kind is Notice.APPROVED and card_model.status is Status.ACCESS_ENDED


def _duration(kind: Notice, card_model: CardModel) -> str:
    """Return the duration. An access list isn't limited to the requested one."""
    return "" if kind is Notice.PROMOTED else for_duration(card_model)


def _facts(kind: Notice, card_model: CardModel) -> Iterator[Fact]:
    if kind is Notice.CREATED and card_model.waiting_until is not None:
        yield Fact("Request expires", card_model.waiting_until)
    if kind is Notice.APPROVED:
        yield from access_times(card_model)


def _next_step(
    kind: Notice, card_model: CardModel, options: NoticeOptions
) -> Iterator[RichTextElement]:
    if kind is Notice.CREATED:
        yield rich.lines(*([] if options.announced else [(_NOT_ANNOUNCED,)]), (_UPDATE_PROMISE,))
    elif kind is Notice.APPROVED:
        yield from _how_to_use(card_model, options.proxy)
    elif kind is Notice.PROMOTED:
        yield rich.lines((_PERMANENT,))


def _buttons(kind: Notice, card_model: CardModel, options: NoticeOptions) -> Iterator[Block]:
    yield from actions(*_button_elements(kind, card_model, options))


def _button_elements(
    kind: Notice, card_model: CardModel, options: NoticeOptions
) -> Iterator[ButtonElement]:
    usable = card_model.status is Status.APPROVED and not card_model.locked
    if kind is Notice.CREATED:
        if options.can_cancel:
            yield cancel_button(card_model)
        return
    if options.can_request and kind is not Notice.PROMOTED:
        extends = kind is Notice.APPROVED and usable
        yield extend_button(card_model) if extends else request_again_button(card_model)
    if options.can_lock and kind is Notice.APPROVED and usable:
        yield done_button(card_model)


def _how_to_use(card_model: CardModel, proxy: str) -> Iterator[RichTextElement]:
    if card_model.lock is not None:
        yield rich.lines((rich.bold(lock_line(card_model.lock)),), (_LOGINS_LOCKED,))
        yield rich.preformatted("tsh logout\ntsh login")
    elif card_model.status is Status.DELETED_APPROVED:
        yield rich.lines((_DELETED_SINCE,), valid_certificates(card_model))
    elif card_model.status is not Status.ACCESS_ENDED:
        yield rich.lines(("To use it, run:",))
        yield rich.preformatted(f"tsh login --request-id={safe_name(card_model.id)}")
        if proxy:
            flag = rich.code(f"--proxy={safe_name(proxy)}")
            yield rich.lines(("Not logged in yet? Add ", flag, "."))

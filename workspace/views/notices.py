"""Notices: DMs to the requester about a new request and about its outcome."""

from collections.abc import Callable

from slack_sdk.models.blocks import RichTextElement

from workspace.card_model.notice import Notice
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.budget import REASON_LIMIT
from workspace.text.untrusted import safe_name, safe_text
from workspace.views.cards.status_line import STATUS_TEXTS, by_resolver
from workspace.views.parts import rich
from workspace.views.parts.message import Message, message
from workspace.views.parts.request_name import short_id, target_names

_HEADLINES = {
    Notice.CREATED: "⏳ Your request for {wanted} is waiting for approval.",
    Notice.APPROVED: "✅ Your request for {wanted} was approved{by}.",
    Notice.DENIED: "⛔ Your request for {wanted} was denied{by}.",
    Notice.PROMOTED: "📋 You were granted {wanted} through an access list.",
    Notice.EXPIRED: "⌛ Your request for {wanted} expired without a decision.",
    Notice.DELETED: "🗑️ Your request for {wanted} was deleted before a decision.",
}
_UPDATE_PROMISE = "You'll get a message here when it's reviewed."
_DELETED_SINCE = (
    "The request has been deleted since, so you can't log in with it any more. Certificates issued"
    " before stay valid until then."
)


def notice(kind: Notice, card_model: CardModel) -> Message:
    if kind is Notice.CREATED and card_model.status.closed:
        return _closed_notice(card_model)
    wanted = target_names(card_model)
    headline = _HEADLINES[kind].format(wanted=wanted, by=by_resolver(card_model))
    return message(
        headline,
        rich.lines((rich.bold(headline),), *_DETAILS.get(kind, _no_details)(card_model)),
        *_reason(kind, card_model),
        *_next_step(kind, card_model),
        rich.lines(_request_line(card_model)),
    )


def _closed_notice(card_model: CardModel) -> Message:
    """Replace the notice of a new request. Another notice has the details of the outcome."""
    headline = f"{STATUS_TEXTS[card_model.status]}: your request for {target_names(card_model)}."
    return message(headline, rich.lines((headline,), _request_line(card_model)))


def _no_details(_card_model: CardModel) -> tuple[rich.Line, ...]:
    return ()


def _access_times(card_model: CardModel) -> tuple[rich.Line, ...]:
    rows: list[rich.Line] = []
    if card_model.assume_start is not None:
        rows.append(("Access starts ", rich.moment(card_model.assume_start), "."))
    if card_model.access_until is not None:
        rows.append(("Access ends ", rich.moment(card_model.access_until), "."))
    return tuple(rows)


def _expiry(card_model: CardModel) -> tuple[rich.Line, ...]:
    if card_model.waiting_until is None:
        return ()
    return (("It expires ", rich.moment(card_model.waiting_until), ". ", _UPDATE_PROMISE),)


def _access_list(card_model: CardModel) -> tuple[rich.Line, ...]:
    if not card_model.promoted_to:
        return ()
    return ((f"Access list: {safe_name(card_model.promoted_to)}.",),)


_DETAILS: dict[Notice, Callable[[CardModel], tuple[rich.Line, ...]]] = {
    Notice.CREATED: _expiry,
    Notice.APPROVED: _access_times,
    Notice.PROMOTED: _access_list,
}


def _reason(kind: Notice, card_model: CardModel) -> tuple[RichTextElement, ...]:
    reason = safe_text(card_model.resolve_reason, REASON_LIMIT)
    if kind is Notice.CREATED or not reason:
        return ()
    return (rich.quote(reason),)


def _next_step(kind: Notice, card_model: CardModel) -> tuple[RichTextElement, ...]:
    if kind is Notice.APPROVED:
        return _how_to_use(card_model)
    if kind in {Notice.DENIED, Notice.EXPIRED, Notice.DELETED}:
        return (rich.lines(("To request access again, run ", rich.code("/teleport-request"), ".")),)
    return ()


def _how_to_use(card_model: CardModel) -> tuple[RichTextElement, ...]:
    if card_model.status is Status.ACCESS_ENDED:
        return (rich.lines(("Access has already ended.",)),)
    if card_model.status is Status.DELETED_APPROVED:
        return (rich.lines((_DELETED_SINCE,)),)
    return (
        rich.lines(("To use it, run:",)),
        rich.preformatted(f"tsh login --request-id={safe_name(card_model.id)}"),
    )


def _request_line(card_model: CardModel) -> rich.Line:
    yield "Request "
    yield rich.code(short_id(card_model.id))
    if card_model.request_url:
        yield "  ·  "
        yield rich.link(card_model.request_url, "Open in Teleport")

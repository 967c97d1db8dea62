"""What the requester is told by direct message: created, and each outcome with who and why."""

from collections.abc import Callable
from enum import StrEnum

from slack_sdk.models.blocks import RichTextElement

from workspace.views.card import REASON_LIMIT, CardModel, resolved_by, short_id, target_names
from workspace.views.parts import rich
from workspace.views.parts.message import Message, message
from workspace.views.parts.status import Status
from workspace.views.parts.untrusted import safe_name, safe_text


class Notice(StrEnum):
    """The values are written into the ledger; they never change their spelling."""

    CREATED = "created"
    APPROVED = "approved"
    DENIED = "denied"
    PROMOTED = "promoted"
    EXPIRED = "ran_out"
    DELETED = "deleted"


OUTCOMES = {
    Status.APPROVED: Notice.APPROVED,
    Status.ACCESS_ENDED: Notice.APPROVED,
    Status.DELETED_APPROVED: Notice.APPROVED,
    Status.DENIED: Notice.DENIED,
    Status.PROMOTED: Notice.PROMOTED,
    Status.EXPIRED: Notice.EXPIRED,
    Status.DELETED: Notice.DELETED,
}
"""What a requester is told of each status. The end of access needs no message: it was announced
with the approval."""


def notice(kind: Notice, face: CardModel) -> Message:
    if kind is Notice.CREATED and face.status.decided:
        return _no_longer_waiting(face)
    wanted = target_names(face)
    headline = _HEADLINES[kind].format(wanted=wanted, by=resolved_by(face))
    return message(
        headline,
        rich.lines((rich.bold(headline),), *_REST.get(kind, _nothing)(face)),
        *_said(kind, face),
        *_next_step(kind, face),
        rich.lines(("Request ", rich.code(short_id(face.id)), *_page(face))),
    )


def _no_longer_waiting(face: CardModel) -> Message:
    """Replace the notice that a request waits. Another message says who, why and what next."""
    headline = f"{face.status.words}: your request for {target_names(face)}."
    return message(
        headline, rich.lines((headline,), ("Request ", rich.code(short_id(face.id)), *_page(face)))
    )


_HEADLINES = {
    Notice.CREATED: "⏳ Your request for {wanted} is waiting for approval.",
    Notice.APPROVED: "✅ Your request for {wanted} was approved{by}.",
    Notice.DENIED: "⛔ Your request for {wanted} was denied{by}.",
    Notice.PROMOTED: "📋 You were granted {wanted} through an access list.",
    Notice.EXPIRED: "⌛ Your request for {wanted} expired without a decision.",
    Notice.DELETED: "🗑️ Your request for {wanted} was deleted before a decision.",
}


def _nothing(_face: CardModel) -> tuple[rich.Line, ...]:
    return ()


def _until(face: CardModel) -> tuple[rich.Line, ...]:
    rows: list[rich.Line] = []
    if face.assume_start is not None:
        rows.append(("Access starts ", rich.moment(face.assume_start), "."))
    if face.access_until is not None:
        rows.append(("Access ends ", rich.moment(face.access_until), "."))
    return tuple(rows)


_NEWS = "You'll get a message here when it's reviewed."


def _deadline(face: CardModel) -> tuple[rich.Line, ...]:
    if face.waiting_until is None:
        return ()
    return (("It expires ", rich.moment(face.waiting_until), ". ", _NEWS),)


def _list_title(face: CardModel) -> tuple[rich.Line, ...]:
    return ((f"Access list: {safe_name(face.promoted_to)}.",),) if face.promoted_to else ()


_REST: dict[Notice, Callable[[CardModel], tuple[rich.Line, ...]]] = {
    Notice.CREATED: _deadline,
    Notice.APPROVED: _until,
    Notice.PROMOTED: _list_title,
}


def _said(kind: Notice, face: CardModel) -> tuple[RichTextElement, ...]:
    reason = safe_text(face.resolve_reason, REASON_LIMIT)
    if kind is Notice.CREATED or not reason:
        return ()
    return (rich.quote(reason),)


_DELETED_SINCE = (
    "The request has been deleted since, so you can't log in with it any more. Certificates issued"
    " before stay valid until then."
)


def _next_step(kind: Notice, face: CardModel) -> tuple[RichTextElement, ...]:
    if kind is Notice.APPROVED and face.status is Status.ACCESS_ENDED:
        return (rich.lines(("Access has already ended.",)),)
    if kind is Notice.APPROVED and face.status is Status.DELETED_APPROVED:
        return (rich.lines((_DELETED_SINCE,)),)
    if kind is Notice.APPROVED:
        return (
            rich.lines(("To use it, run:",)),
            rich.preformatted(f"tsh login --request-id={safe_name(face.id)}"),
        )
    if kind in {Notice.DENIED, Notice.EXPIRED, Notice.DELETED}:
        return (rich.lines(("To request access again, run ", rich.code("/teleport-request"), ".")),)
    return ()


def _page(face: CardModel) -> tuple[rich.Part | str, ...]:
    return ("  ·  ", rich.link(face.page, "Open in Teleport")) if face.page else ()

"""The card of an access request: one message that follows the request until it is closed.

A card states its status in words, never by color or symbol alone.
"""

from collections.abc import Iterator

from slack_sdk.models.blocks import HeaderBlock, PlainTextObject, RichTextElement

from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.budget import REASON_LIMIT
from workspace.text.untrusted import fit_text, safe_name, safe_text
from workspace.views.cards.buttons import review_buttons
from workspace.views.cards.facts import facts
from workspace.views.cards.reviews import review_rows
from workspace.views.cards.status_line import status_line
from workspace.views.parts import rich
from workspace.views.parts.message import Message, message
from workspace.views.parts.request_name import short_id, target_names

_HEADER_LIMIT = 150
_INCOMPLETE = (
    "⚠️ This card can't show the full request: it limits access to a resource in a way that doesn't"
    " fit here."
)


def card(card_model: CardModel) -> Message:
    title = f"{safe_name(card_model.user)} requests {target_names(card_model)}"
    content = [
        HeaderBlock(text=PlainTextObject(text=fit_text(title, _HEADER_LIMIT), emoji=False)),
        rich.block(*_body(card_model)),
    ]
    if card_model.review_in_slack and not card_model.status.closed:
        content.append(review_buttons(card_model))
    return message(f"{title}. {status_line(card_model)}.", *content)


def _body(card_model: CardModel) -> Iterator[RichTextElement]:
    yield rich.lines((rich.bold(status_line(card_model)),))
    yield rich.facts(facts(card_model))
    if card_model.reason.strip():
        yield rich.lines((rich.bold("Reason:"),))
        yield rich.quote(safe_text(card_model.reason, REASON_LIMIT) or "(no visible text)")
    if rows := tuple(review_rows(card_model)):
        yield rich.lines(*rows)
    if card_model.incomplete:
        yield rich.lines((rich.bold(_INCOMPLETE),))
    if card_model.status is Status.DELETED_APPROVED:
        yield from _valid_certificates(card_model)
    if card_model.review_in_teleport and not card_model.status.closed:
        yield from _review_in_teleport(card_model)
    yield rich.lines(_footer(card_model))


def _valid_certificates(card_model: CardModel) -> Iterator[RichTextElement]:
    """Warn that certificates outlive a deleted request, and show how to stop them."""
    until: rich.Line = ("until they expire",)
    if card_model.access_until is not None:
        until = ("until ", rich.moment(card_model.access_until))
    yield rich.lines(
        ("Certificates issued with this request stay valid ", *until, "."),
        ("To stop them, a Teleport administrator can run:",),
    )
    yield rich.preformatted(f"tctl lock --access-request={safe_name(card_model.id)}")


def _review_in_teleport(card_model: CardModel) -> Iterator[RichTextElement]:
    if card_model.request_url:
        yield rich.lines((rich.link(card_model.request_url, "Review it in Teleport"),))
    else:
        yield rich.lines(("To approve it, run:",))
        yield rich.preformatted(f"tctl requests approve {safe_name(card_model.id)}")


def _footer(card_model: CardModel) -> rich.Line:
    yield "Request "
    yield rich.code(short_id(card_model.id))
    if card_model.request_url:
        yield "  ·  "
        yield rich.link(card_model.request_url, "Open in Teleport")

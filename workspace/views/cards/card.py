"""The card of an access request: one message that follows the request until it is closed.

A card states its status in words, never by color or symbol alone. Cards, lists, notices and forms
show the parts of a request in the same order: requester and requested access, status, facts,
reason, reviews, buttons, footer.
"""

from collections.abc import Iterator

from slack_sdk.models.blocks import Block, ContextBlock, RichTextElement

from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.untrusted import safe_name
from workspace.views.cards.buttons import card_buttons
from workspace.views.cards.certificates import valid_certificates
from workspace.views.cards.facts import facts
from workspace.views.cards.lock import lock_line
from workspace.views.cards.reviews import reviews
from workspace.views.cards.status_line import status_line
from workspace.views.parts import rich
from workspace.views.parts.fact import fact_parts
from workspace.views.parts.footer import footer, footer_of
from workspace.views.parts.message import Message, message
from workspace.views.parts.reason import REQUEST_REASON, quoted_reason
from workspace.views.parts.title import header, title

_INCOMPLETE = (
    "⚠️ This card can't show the full request: it limits access to a resource in a way that doesn't"
    " fit here."
)


def card(card_model: CardModel) -> Message:
    return message(
        header(title(card_model)),
        rich.lines((rich.bold(status_line(card_model)),), *_lock(card_model)),
        *fact_parts(facts(card_model)),
        *quoted_reason(card_model.reason, label=REQUEST_REASON),
        *reviews(card_model),
        *_warnings(card_model),
        *_actions(card_model),
        _footer(card_model),
    )


def _lock(card_model: CardModel) -> Iterator[rich.Line]:
    if card_model.lock is not None:
        yield (lock_line(card_model.lock),)


def _warnings(card_model: CardModel) -> Iterator[RichTextElement]:
    if card_model.incomplete:
        yield rich.lines((rich.bold(_INCOMPLETE),))
    if card_model.status is Status.DELETED_APPROVED and not card_model.locked:
        yield from _revocation(card_model)


def _revocation(card_model: CardModel) -> Iterator[RichTextElement]:
    """Show how to stop the certificates of a deleted request."""
    yield rich.lines(
        valid_certificates(card_model),
        ("To stop them, a Teleport administrator can run:",),
    )
    yield rich.preformatted(f"tctl lock --access-request={safe_name(card_model.id)}")


def _actions(card_model: CardModel) -> Iterator[Block | RichTextElement]:
    if _is_reviewed_in_teleport(card_model):
        yield from _review_in_teleport(card_model)
    yield from card_buttons(card_model)


def _footer(card_model: CardModel) -> ContextBlock:
    """Return the footer, without its link if the card has the same link above."""
    shown = _is_reviewed_in_teleport(card_model)
    return footer_of(card_model.id) if shown else footer(card_model)


def _is_reviewed_in_teleport(card_model: CardModel) -> bool:
    return card_model.review_in_teleport and not card_model.status.closed


def _review_in_teleport(card_model: CardModel) -> Iterator[RichTextElement]:
    if card_model.request_url:
        yield rich.lines((rich.link(card_model.request_url, "Review it in Teleport"),))
    else:
        yield rich.lines(("To approve it, run:",))
        yield rich.preformatted(f"tctl requests approve {safe_name(card_model.id)}")

"""The reviews on a card."""

from collections.abc import Iterator

from slack_sdk.models.blocks import RichTextElement

from teleport_client.model.access_request import RequestState
from workspace.card_model.record import CardModel
from workspace.text.untrusted import safe_line, safe_name
from workspace.views.parts import rich

NO_EFFECT = "counts toward no threshold"
_REASON_LIMIT = 300
_REVIEWS_SHOWN, _RESOLVERS_NAMED = 8, 5
_VERBS = {
    RequestState.APPROVED: "✓ approved by ",
    RequestState.DENIED: "✗ denied by ",
    RequestState.PROMOTED: "✓ granted through an access list by ",
}


def reviews(card_model: CardModel) -> Iterator[RichTextElement]:
    if rows := tuple(_rows(card_model)):
        yield rich.lines(*rows)


def _rows(card_model: CardModel) -> Iterator[rich.Line]:
    """Yield a row for each review, except for those that the status line shows completely."""
    for review in card_model.reviews[:_REVIEWS_SHOWN]:
        reason = safe_line(review.reason, _REASON_LIMIT)
        in_status_line = review.author in card_model.resolved_by[:_RESOLVERS_NAMED]
        if in_status_line and not reason:
            continue
        yield (
            "" if in_status_line else _VERBS.get(review.state, "reviewed by "),
            rich.bold(safe_name(review.author)),
            "" if review.counts else f" ({NO_EFFECT})",
            f": {reason}" if reason else "",
        )
    if len(card_model.reviews) > _REVIEWS_SHOWN:
        yield (f"and {len(card_model.reviews) - _REVIEWS_SHOWN} more",)

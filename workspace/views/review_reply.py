"""What is said of one review in the thread of a card: who, what, why, and how far it has come."""

from teleport_client.model.access_request import RequestState
from workspace.card_model.record import CardReview
from workspace.text.budget import REASON_LIMIT
from workspace.text.untrusted import safe_name, safe_text
from workspace.views.cards.reviews import NO_EFFECT
from workspace.views.parts import rich
from workspace.views.parts.message import Message, message

_SAID = {
    RequestState.APPROVED: "✓ {author} approved",
    RequestState.DENIED: "✗ {author} denied",
    RequestState.PROMOTED: "📋 {author} granted it through an access list",
}


def review_reply(review: CardReview, progress_text: str) -> Message:
    """Draw one review. `progress_text` is what `progress_after` gave, or empty."""
    said = _SAID.get(review.state, "{author} reviewed").format(author=safe_name(review.author))
    if not review.counts:
        said += f", which {NO_EFFECT}"
    headline = f"{said}. {progress_text}." if progress_text else f"{said}."
    reason = safe_text(review.reason, REASON_LIMIT)
    return message(
        headline,
        rich.lines((headline,)),
        *((rich.quote(reason),) if reason else ()),
    )

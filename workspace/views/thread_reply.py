"""A review in the thread of a card: reviewer, decision, reason and progress."""

from teleport_client.model.access_request import RequestState
from workspace.card_model.record import CardReview
from workspace.text.untrusted import safe_name
from workspace.views.cards.reviews import NO_EFFECT
from workspace.views.parts import rich
from workspace.views.parts.message import Message, message
from workspace.views.parts.reason import quoted_reason

_HEADLINES = {
    RequestState.APPROVED: "✓ {author} approved",
    RequestState.DENIED: "✗ {author} denied",
    RequestState.PROMOTED: "📋 {author} granted it through an access list",
}


def review_reply(review: CardReview, progress_text: str) -> Message:
    """Build the reply. `progress_text` is empty, or the result of `progress_after`."""
    headline = _HEADLINES.get(review.state, "{author} reviewed").format(
        author=safe_name(review.author)
    )
    if not review.counts:
        headline += f", which {NO_EFFECT}"
    headline = f"{headline}. {progress_text}." if progress_text else f"{headline}."
    return message(rich.lines((headline,)), *quoted_reason(review.reason))

"""What is said of one review in the thread of a card: who, what, why, and how far it has come."""

from dataclasses import replace

from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.views.card import COUNTS_FOR_NOTHING, REASON_LIMIT, CardReview, progress_words
from workspace.views.parts import rich
from workspace.views.parts.budget import joined
from workspace.views.parts.message import Message, message
from workspace.views.parts.untrusted import safe_name, safe_text

_ROOM = 600
_SAID = {
    RequestState.APPROVED: "✓ {author} approved",
    RequestState.DENIED: "✗ {author} denied",
    RequestState.PROMOTED: "📋 {author} granted it through an access list",
}


def review_reply(vote: CardReview, standing: str) -> Message:
    """Draw one review. `standing` is what `progress_after` gave, or empty."""
    said = _SAID.get(vote.state, "{author} reviewed").format(author=safe_name(vote.author))
    if not vote.counts:
        said += f", which {COUNTS_FOR_NOTHING}"
    headline = f"{said}. {standing}." if standing else f"{said}."
    reason = safe_text(vote.reason, REASON_LIMIT)
    return message(
        headline,
        rich.lines((headline,)),
        *((rich.quote(reason),) if reason else ()),
    )


def progress_after(request: AccessRequest, author: str) -> str:
    """How many approvals there were once this author had approved; empty for other reviews."""
    until = next((i for i, each in enumerate(request.reviews) if each.author == author), None)
    if until is None or request.reviews[until].state is not RequestState.APPROVED:
        return ""
    return joined(progress_words(replace(request, reviews=request.reviews[: until + 1])), _ROOM)

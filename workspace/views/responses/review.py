"""The private response to a reviewer."""

import re
from collections.abc import Sequence

from teleport_client.model.access_request import Threshold
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.budget import join_texts
from workspace.text.untrusted import safe_name
from workspace.views.cards.reviews import NO_EFFECT
from workspace.views.cards.status_line import status_text
from workspace.views.parts import rich
from workspace.views.parts.footer import footer
from workspace.views.parts.message import Message, message
from workspace.views.parts.request_name import request_name

_ROOM = 600
_ROLE_FILTER = re.compile(r'contains\(\s*reviewer\.roles,\s*"([^"]+)"\s*\)')
_FILTER_LIMIT = 150


def review_submitted(card_model: CardModel, *, approve: bool) -> Message:
    """Confirm a review, and show the status if other reviews are still needed."""
    verb = "approved" if approve else "denied"
    headline = f"You {verb} {safe_name(card_model.user)}'s request for {request_name(card_model)}."
    resolved = Status.APPROVED if approve else Status.DENIED
    status = [] if card_model.status is resolved else [(_status(card_model),)]
    return message(rich.lines((rich.bold(headline),), *status), footer(card_model))


def without_effect_message(card_model: CardModel, filters: Sequence[Threshold]) -> Message:
    """Explain that a review has no effect. `filters` are the unmet thresholds with a filter."""
    headline = f"Your review of {safe_name(card_model.user)}'s request {NO_EFFECT}."
    reviewers = join_texts(map(_reviewers, filters), _ROOM, " or ")
    if reviewers:
        hint = f"It takes {reviewers}."
    else:
        hint = "Ask a Teleport administrator who can review it."
    return message(
        rich.lines((rich.bold(headline),), (_status(card_model),), (hint,)), footer(card_model)
    )


def _reviewers(threshold: Threshold) -> str:
    """Describe the reviewers that a filter accepts: by role, or by the expression itself."""
    role = _ROLE_FILTER.fullmatch(threshold.filter.strip())
    if role:
        return f"reviewers with the role {safe_name(role[1])}"
    return f"reviewers who match {safe_name(threshold.filter, _FILTER_LIMIT)}"


def _status(card_model: CardModel) -> str:
    """Return the status without the reviewer, who reads it."""
    if card_model.status.closed:
        return f"{status_text(card_model.status)}."
    rows = join_texts(card_model.progress, _ROOM)
    progress = f": {rows}" if rows else ""
    return f"⏳ Still waiting for approval{progress}."

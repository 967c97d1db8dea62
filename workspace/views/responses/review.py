"""The private response to a reviewer."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from teleport_client.model.access_request import Threshold
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.budget import join_texts
from workspace.text.names import list_names
from workspace.text.untrusted import safe_name
from workspace.views.cards.reviews import NO_EFFECT
from workspace.views.cards.status_line import status_text
from workspace.views.parts import rich
from workspace.views.parts.footer import footer
from workspace.views.parts.message import Message, message
from workspace.views.parts.request_name import request_name

_ROOM = 600
_ROLE_FILTER = re.compile(r'contains\(\s*reviewer\.roles,\s*"([^"]+)"\s*\)')
_FILTER_LIMIT, _SETS_SHOWN = 150, 3


@dataclass(frozen=True, slots=True)
class OpenSet:
    """A threshold set for which an approval doesn't count."""

    roles: tuple[str, ...]
    filters: tuple[Threshold, ...]


def review_submitted(
    card_model: CardModel, *, approve: bool, uncounted: Sequence[OpenSet] = ()
) -> Message:
    """Confirm a review, and explain its effect if other reviews are still needed.

    `uncounted` are the sets that still wait for an approval, and for which this one doesn't count.
    """
    verb = "approved" if approve else "denied"
    headline = f"You {verb} {safe_name(card_model.user)}'s request for {request_name(card_model)}."
    resolved = Status.APPROVED if approve else Status.DENIED
    rows: list[rich.Line] = [(rich.bold(headline),)]
    if card_model.status is resolved:
        rows += _granted(card_model) if approve else []
    elif approve:
        rows += [(_status(card_model),), *map(_uncounted, uncounted[:_SETS_SHOWN])]
    else:
        rows.append((_denial_effect(card_model),))
    return message(rich.lines(*rows), footer(card_model))


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


def _granted(card_model: CardModel) -> Iterator[rich.Line]:
    if card_model.removed_roles:
        yield (f"Not granted: {list_names(card_model.removed_roles)}.",)
    if card_model.assume_start is not None:
        yield "Access starts ", rich.moment(card_model.assume_start), "."


def _denial_effect(card_model: CardModel) -> str:
    """Explain why the request stays pending after a denial."""
    if card_model.status.closed:
        return _status(card_model)
    if not card_model.denials:
        return "The request stays pending: its thresholds take no denials."
    return f"The request stays pending: {join_texts(card_model.denials, _ROOM)}."


def _uncounted(one: OpenSet) -> rich.Line:
    reviewers = join_texts(map(_reviewers, one.filters), _ROOM // 2, " or ")
    takes = f": it takes {reviewers}" if reviewers else ""
    yield f"Your approval doesn't count for {list_names(one.roles)}{takes}."


def _reviewers(threshold: Threshold) -> str:
    """Describe the reviewers that a filter accepts: by role, or by the expression itself."""
    role = _ROLE_FILTER.fullmatch(threshold.filter.strip())
    if role:
        return f"reviewers with the role {safe_name(role[1])}"
    return f"reviewers who match {safe_name(threshold.filter, _FILTER_LIMIT)}"


def _status(card_model: CardModel) -> str:
    """Return the status without the reviewer, because the reviewer reads it."""
    if card_model.status.closed:
        return f"{status_text(card_model.status)}."
    rows = join_texts(card_model.progress, _ROOM)
    progress = f": {rows}" if rows else ""
    return f"⏳ Still waiting for approval{progress}."

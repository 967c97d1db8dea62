"""The private answer to somebody who decided."""

import re
from collections.abc import Sequence

from teleport_client.model.access_request import Threshold
from workspace.card_model.record import CardModel
from workspace.text.budget import join_texts
from workspace.text.untrusted import safe_name
from workspace.views.cards.reviews import NO_EFFECT
from workspace.views.cards.status_line import STATUS_TEXTS
from workspace.views.parts import rich
from workspace.views.parts.message import Message, message
from workspace.views.parts.request_name import short_id, target_names

_ROOM = 600
_ROLE_FILTER = re.compile(r'contains\(\s*reviewer\.roles,\s*"([^"]+)"\s*\)')
_FILTER_LIMIT = 150


def review_submitted(card_model: CardModel, *, approve: bool) -> Message:
    verb = "approved" if approve else "denied"
    wanted = target_names(card_model)
    headline = f"You {verb} {safe_name(card_model.user)}'s request for {wanted}."
    return message(
        headline,
        rich.lines(
            (rich.bold(headline),),
            (_where_it_stands(card_model), rich.code(short_id(card_model.id))),
        ),
    )


def without_effect_message(card_model: CardModel, filters: Sequence[Threshold]) -> Message:
    """Say that a review changes nothing, and whose would. `filters` are those not yet met."""
    headline = f"Your review of {safe_name(card_model.user)}'s request {NO_EFFECT}."
    who = join_texts(map(_who, filters), _ROOM, " or ")
    rows: list[rich.Line] = [(rich.bold(headline),)]
    rows.append((f"It takes {who}." if who else "Ask a Teleport administrator who can review it.",))
    rows.append((_where_it_stands(card_model), rich.code(short_id(card_model.id))))
    return message(headline, rich.lines(*rows))


def _who(threshold: Threshold) -> str:
    """Name those whose reviews a filter lets count, as far as it is a simple one."""
    role = _ROLE_FILTER.fullmatch(threshold.filter.strip())
    if role:
        return f"reviewers with the role {safe_name(role[1])}"
    return f"reviewers who match {safe_name(threshold.filter, _FILTER_LIMIT)}"


def _where_it_stands(card_model: CardModel) -> str:
    if card_model.status.closed:
        return f"{STATUS_TEXTS[card_model.status]}. Request "
    waits = f": {join_texts(card_model.progress, _ROOM)}" if card_model.progress else ""
    return f"Still waiting for approval{waits}. Request "

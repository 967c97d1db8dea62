"""The private answer to somebody who decided."""

import re
from collections.abc import Sequence

from teleport_client.model.access_request import Threshold
from workspace.views.card import COUNTS_FOR_NOTHING, CardModel, short_id, target_names
from workspace.views.parts import rich
from workspace.views.parts.budget import joined
from workspace.views.parts.message import Message, message
from workspace.views.parts.untrusted import safe_name

_ROOM = 600
_ROLE_FILTER = re.compile(r'contains\(\s*reviewer\.roles,\s*"([^"]+)"\s*\)')
_FILTER_LIMIT = 150


def review_submitted(face: CardModel, *, approve: bool) -> Message:
    verb = "approved" if approve else "denied"
    wanted = target_names(face)
    headline = f"You {verb} {safe_name(face.user)}'s request for {wanted}."
    return message(
        headline,
        rich.lines((rich.bold(headline),), (_where_it_stands(face), rich.code(short_id(face.id)))),
    )


def without_effect_message(face: CardModel, filters: Sequence[Threshold]) -> Message:
    """Say that a review changes nothing, and whose would. `filters` are those not yet met."""
    headline = f"Your review of {safe_name(face.user)}'s request {COUNTS_FOR_NOTHING}."
    who = joined(map(_who, filters), _ROOM, " or ")
    rows: list[rich.Line] = [(rich.bold(headline),)]
    rows.append((f"It takes {who}." if who else "Ask a Teleport administrator who can review it.",))
    rows.append((_where_it_stands(face), rich.code(short_id(face.id))))
    return message(headline, rich.lines(*rows))


def _who(threshold: Threshold) -> str:
    """Name those whose reviews a filter lets count, as far as it is a simple one."""
    role = _ROLE_FILTER.fullmatch(threshold.filter.strip())
    if role:
        return f"reviewers with the role {safe_name(role[1])}"
    return f"reviewers who match {safe_name(threshold.filter, _FILTER_LIMIT)}"


def _where_it_stands(face: CardModel) -> str:
    if face.status.decided:
        return f"{face.status.words}. Request "
    waits = f": {joined(face.progress, _ROOM)}" if face.progress else ""
    return f"Still waiting for approval{waits}. Request "

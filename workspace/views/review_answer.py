"""The private answer to somebody who decided."""

from workspace.untrusted import label
from workspace.views import rich
from workspace.views.budget import joined
from workspace.views.card import CardFace, asked_for, short_id
from workspace.views.message import Message, message

_ROOM = 600


def decided_message(face: CardFace, *, approve: bool) -> Message:
    verb = "approved" if approve else "denied"
    wanted = asked_for(face.roles, face.resources)
    headline = f"You {verb} the request of {label(face.user)} for {wanted}."
    return message(
        headline,
        rich.lines((rich.bold(headline),), (_where_it_stands(face), rich.code(short_id(face.id)))),
    )


def _where_it_stands(face: CardFace) -> str:
    if face.status.decided:
        return f"{face.status.words}. Request "
    waits = f": {joined(face.progress, _ROOM)}" if face.progress else ""
    return f"It still waits for others{waits}. Request "

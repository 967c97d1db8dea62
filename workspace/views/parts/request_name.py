"""How messages refer to a request: by a short ID and by the names of its targets."""

from workspace.card_model.record import CardModel
from workspace.text.names import list_names

_SHORT_ID = 8
"""Version 7 UUIDs share their first characters within minutes, so the last ones are shown."""


def short_id(request_id: str) -> str:
    return request_id[-_SHORT_ID:]


def target_names(card_model: CardModel, each: int = 80, room: int = 300) -> str:
    """List the requested resources or roles, in a text of about `room` characters.

    Names are cut to `each` characters, or to more if there is room.
    """
    length = max(each, room // max(1, len(card_model.targets)))
    return list_names(card_model.targets, room=room, each=length)

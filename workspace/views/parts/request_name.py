"""How messages refer to a request: by a short ID, its targets and its duration."""

from datetime import timedelta

from workspace.card_model.record import CardModel
from workspace.moment import minutes_between
from workspace.text.names import list_names
from workspace.views.parts.moments import duration_text

_SHORT_ID = 8
"""Version 7 UUIDs share their first characters within minutes, so the last ones are shown."""


def short_id(request_id: str) -> str:
    return request_id[-_SHORT_ID:]


def request_name(card_model: CardModel) -> str:
    """Return the targets and the duration, such as `staging for 2 hours`."""
    return f"{target_names(card_model)}{for_duration(card_model)}"


def target_names(card_model: CardModel, each: int = 80, room: int = 300) -> str:
    """List the requested resources or roles, in a text of about `room` characters.

    Names are cut to `each` characters, or to more if there is room.
    """
    length = max(each, room // max(1, len(card_model.targets)))
    return list_names(card_model.targets, room=room, each=length)


def for_duration(card_model: CardModel) -> str:
    """Return ` for 2 hours`, or an empty text if the duration isn't known."""
    if card_model.long_term:
        return " as permanent access"
    length = access_duration(card_model)
    return f" for {duration_text(length)}" if length else ""


def access_duration(card_model: CardModel) -> timedelta | None:
    """Return the longest possible duration of the access, in whole minutes."""
    if card_model.assume_start is None or card_model.access_until is None:
        return card_model.access_for
    return minutes_between(card_model.assume_start, card_model.access_until)

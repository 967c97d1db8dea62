"""The warning before access ends: when it is due, and how long it is current.

The warning follows the current end of the access, because Teleport's administrators can change it.
A late warning is sent only while the access lasts. Nothing here reads a clock.
"""

from datetime import datetime, timedelta

from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status

SHORTEST_ACCESS = timedelta(minutes=30)
"""Shorter access gets no warning: its approval was recent."""


def warning_time(request: AccessRequest, before_end: timedelta) -> datetime | None:
    """Return the time of the warning, None for access without one. Zero turns warnings off."""
    end = request.access_until
    if not before_end or end is None or request.state is not RequestState.APPROVED:
        return None
    start = _start(request)
    if start is not None and (end - start < SHORTEST_ACCESS or end - start <= before_end):
        return None
    return end - before_end


def is_current(card_model: CardModel, before_end: timedelta, now: datetime) -> bool:
    """Return whether the user can use the access now, and it ends within `before_end`."""
    end = card_model.access_until
    if end is None or card_model.status is not Status.APPROVED or card_model.locked:
        return False
    return end - before_end <= now < end


def _start(request: AccessRequest) -> datetime | None:
    """Return when the access started, at the earliest: Teleport stores no time of approval."""
    reviewed = (review.created for review in request.reviews)
    known = [each for each in (request.created, request.assume_start, *reviewed) if each]
    return max(known, default=None)

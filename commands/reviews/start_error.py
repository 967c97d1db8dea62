"""Why access can't start at the time that a reviewer selected.

Slack shows the errors of a form in plain text, without times in the reader's zone.
"""

from datetime import datetime

from teleport_client.model.access_request import AccessRequest
from teleport_client.rules.start_window import (
    LATEST_START,
    is_after_end,
    is_before_requested,
    is_too_late,
)
from workspace.views.parts.moments import utc_text


def start_error(start: datetime, request: AccessRequest | None, now: datetime) -> str:
    """Return the error, empty for a possible start.

    The requested start is always possible: it changes nothing.
    """
    if request is not None and is_requested(start, request):
        return ""
    if start <= now:
        return "This start has passed. Choose a later one, or clear it."
    if request is None:
        return ""
    return _window_error(start, request)


def _window_error(start: datetime, request: AccessRequest) -> str:
    if is_before_requested(start, request) and request.assume_start is not None:
        requested = utc_text(request.assume_start)
        return f"The requester asked for access from {requested}. Choose that start or a later one."
    if is_after_end(start, request) and request.access_until is not None:
        return f"Access ends at {utc_text(request.access_until)}. Choose an earlier start."
    if is_too_late(start, request) and request.created is not None:
        latest = utc_text(request.created + LATEST_START)
        return f"Access can start at {latest} at the latest. Choose an earlier start."
    return ""


def is_requested(start: datetime, request: AccessRequest) -> bool:
    """Return whether a start is the requested one. A form has no seconds."""
    if request.assume_start is None:
        return False
    return int(start.timestamp()) // 60 == int(request.assume_start.timestamp()) // 60

"""Start and end of access, and the expiry of a request: checked here and by Teleport."""

import re
from datetime import datetime

from commands.parsing.durations import LONGEST
from teleport_client.errors import TeleportError
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError

_START_BEYOND_END = "assume start time must be prior to access expiry time"
_START_TOO_LATE = "assume start time is too far in the future"
_EXPIRY_INVALID = "invalid request TTL"
_SESSION_TOO_LONG = re.compile(r"invalid session TTL: \S+ greater than maximum allowed")
"""Teleport's errors (lib/services/access_request.go)."""


def ensure_start(draft: RequestDraft, now: datetime) -> None:
    """Raise UserError for a start in the past, or after the end."""
    if draft.start is not None and draft.start < now:
        raise _passed("start")
    if draft.start is not None and draft.until is not None and draft.until <= draft.start:
        raise UserError(
            "Access would end before it starts, so nothing was requested. Choose other times.",
            reason="end_before_start",
        )


def ensure_end(draft: RequestDraft, now: datetime) -> None:
    """Raise UserError for an end in the past, or later than any access ends."""
    if draft.until is not None and draft.until <= now:
        raise _passed("end")
    end = draft.ends_at(now)
    if end is not None and end - now > LONGEST:
        raise UserError(
            f"Access ends at the latest {LONGEST.days} days after its request, so nothing was"
            " requested. Choose an earlier end, or a shorter duration.",
            reason="end_too_late",
        )


def ensure_expiry(draft: RequestDraft, now: datetime) -> None:
    """Raise UserError for an expiry in the past."""
    if draft.expires is not None and draft.expires < now:
        raise _passed("expiry")


def explain_start(error: TeleportError) -> UserError | None:
    """Return why Teleport rejects the start, None for an error about something else."""
    if _START_BEYOND_END in error.text:
        return _start_too_late("Teleport would end this access before it starts")
    if _START_TOO_LATE in error.text:
        return _start_too_late("Access can start seven days from now at the latest")
    return None


def explain_expiry(error: TeleportError) -> UserError | None:
    """Return why Teleport rejects the expiry, None for an error about something else."""
    if _EXPIRY_INVALID not in error.text:
        return None
    return UserError(
        "A request can wait for seven days at most, and not beyond the end of its access, so"
        " nothing was requested. Choose an earlier expiry, or leave it out.",
        reason="expiry_invalid",
    )


def explain_session(error: TeleportError) -> UserError | None:
    """Return why Teleport rejects the sessions, None for an error about something else."""
    if not _SESSION_TOO_LONG.search(error.text):
        return None
    return UserError(
        "Teleport allows no sessions of this length for the requested roles, so nothing was"
        " requested. Choose a shorter --session-ttl, or leave it out.",
        reason="session_too_long",
    )


def _start_too_late(why: str) -> UserError:
    return UserError(
        f"{why}, so nothing was requested. Choose an earlier start, or request the access later.",
        reason="start_too_late",
    )


def _passed(what: str) -> UserError:
    return UserError(
        f"This {what} has passed, so nothing was requested. Choose a later one, or leave it out.",
        reason=f"{what}_passed",
    )

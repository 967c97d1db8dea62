"""Locks on the access of an approved request.

The bot's lock on a request has a fixed name, so two clicks, two replicas and a repeated call
create one lock. The lock's message names the user, because Teleport records only the bot, and
Teleport shows the message to locked users. Every user with permission to create locks can write
such a message, so the name is for display only.
"""

from dataclasses import dataclass
from datetime import timedelta

from teleport_client.model.access_request import AccessRequest
from teleport_client.model.lock import Lock

_MARGIN = timedelta(hours=1)
"""Time that a lock outlasts the access: a clock in the cluster can be slow."""
_BY, _FROM_SLACK = "Locked by ", " from Slack"


@dataclass(frozen=True, slots=True)
class LockAuthor:
    """A lock from Slack."""

    user: str
    reason: str


def lock_on(request: AccessRequest, user: str, reason: str) -> Lock:
    """Return the bot's lock on a request."""
    until = request.access_until
    return Lock(
        name=lock_name(request.id),
        access_request=request.id,
        message=f"{_BY}{user}{_FROM_SLACK}: {reason}",
        expires=None if until is None else until + _MARGIN,
    )


def lock_name(request_id: str) -> str:
    return f"teleport-chatops-{request_id}"


def lock_author(lock: Lock) -> LockAuthor | None:
    """Read the user and the reason from the bot's own lock. Return None for any other lock."""
    if lock.name != lock_name(lock.access_request) or not lock.message.startswith(_BY):
        return None
    # The name of a user can contain the separator, the bot's reasons can't.
    user, separator, reason = lock.message.removeprefix(_BY).rpartition(f"{_FROM_SLACK}: ")
    return LockAuthor(user, reason) if separator else None


def outlasts_access(lock: Lock, request: AccessRequest) -> bool:
    """Return whether a lock is in force until the access ends."""
    if lock.expires is None:
        return True
    return request.access_until is not None and lock.expires >= request.access_until

"""The lock on a request: the line that shows it, and its effect."""

from workspace.card_model.record import CardLock
from workspace.text.untrusted import safe_line, safe_name

EFFECT = (
    "Running sessions with it end, and every login with this request stops working until tsh"
    " logout and tsh login."
)
"""Tested with 17.0.0-dev, where sessions of other logins continue."""
UNDO = "Only a Teleport administrator can remove the lock."
_MESSAGE_LENGTH = 300


def lock_line(lock: CardLock) -> str:
    """Return the line for a lock. The message of a lock from elsewhere is untrusted."""
    by = f" by {safe_name(lock.by)}" if lock.by else ""
    message = safe_line(lock.message, _MESSAGE_LENGTH)
    return f"🔒 Locked{by}: {message}" if message else f"🔒 Locked{by}"

"""Where an access request stands in its life, in words."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from teleport_client.access_request import AccessRequest, RequestState


class Standing(StrEnum):
    """The values are written into the ledger; they never change their spelling."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    PROMOTED = "promoted"
    RAN_OUT = "ran_out"
    """Nobody decided in time."""
    ENDED = "ended"
    """Was approved, and the access is over."""
    DELETED = "deleted"

    @property
    def decided(self) -> bool:
        return self is not Standing.WAITING

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Standing.WAITING: "⏳ Waiting for approval",
    Standing.APPROVED: "✅ Approved",
    Standing.DENIED: "⛔ Denied",
    Standing.PROMOTED: "📋 Granted through an access list",
    Standing.RAN_OUT: "⌛ Ran out: nobody decided in time",
    Standing.ENDED: "🏁 Approved; the access has ended",
    Standing.DELETED: "🗑️ Deleted before it was decided",
}

_OF_STATE = {
    RequestState.APPROVED: Standing.APPROVED,
    RequestState.DENIED: Standing.DENIED,
    RequestState.PROMOTED: Standing.PROMOTED,
}


def standing_of(request: AccessRequest, now: datetime) -> Standing:
    if request.pending:
        return Standing.RAN_OUT if _over(request.expires, now) else Standing.WAITING
    standing = _OF_STATE[request.state]
    if standing is Standing.APPROVED and _over(request.access_until, now):
        return Standing.ENDED
    return standing


def _over(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def listed(names: Iterable[str], limit: int = 6) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b and 7 more`."""
    items = list(names)
    if len(items) > limit:
        items = [*items[: limit - 1], f"{len(items) - limit + 1} more"]
    if len(items) < 2:  # noqa: PLR2004 - "and" needs two
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"

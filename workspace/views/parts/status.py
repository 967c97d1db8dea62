"""Where an access request stands in its life, in words."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.views.parts.budget import fitting
from workspace.views.parts.untrusted import safe_name


class Status(StrEnum):
    """The values are written into the ledger; they never change their spelling."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    PROMOTED = "promoted"
    EXPIRED = "ran_out"
    """Nobody decided in time."""
    ACCESS_ENDED = "ended"
    """Was approved, and the access is over."""
    DELETED = "deleted"
    """Went before anybody decided."""
    DELETED_APPROVED = "deleted_approved"
    """Was approved and deleted: what was issued with it stays valid."""

    @property
    def decided(self) -> bool:
        return self is not Status.WAITING

    @property
    def is_resolved(self) -> bool:
        """What nothing but the end of the access comes after."""
        return self in _DECIDED

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Status.WAITING: "⏳ Waiting for approval",
    Status.APPROVED: "✅ Approved",
    Status.DENIED: "⛔ Denied",
    Status.PROMOTED: "📋 Granted through an access list",
    Status.EXPIRED: "⌛ Expired without a decision",
    Status.ACCESS_ENDED: "🏁 Approved, access has ended",
    Status.DELETED: "🗑️ Deleted before a decision",
    Status.DELETED_APPROVED: "🗑️ Approved, then deleted",
}

_DECIDED = {
    Status.APPROVED,
    Status.DENIED,
    Status.PROMOTED,
    Status.ACCESS_ENDED,
    Status.DELETED_APPROVED,
}

_OF_STATE = {
    RequestState.APPROVED: Status.APPROVED,
    RequestState.DENIED: Status.DENIED,
    RequestState.PROMOTED: Status.PROMOTED,
}


def status_of(request: AccessRequest, *, expired: bool = False) -> Status:
    """Return the status of a request that Teleport still has.

    `expired` means that Teleport no longer lists it. Only Teleport's own clock can tell.
    """
    if request.pending:
        return Status.EXPIRED if expired else Status.WAITING
    status = _OF_STATE[request.state]
    return Status.ACCESS_ENDED if expired and status is Status.APPROVED else status


def join_names(
    names: Iterable[str], limit: int = 6, room: int = 300, *, total: int | None = None
) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b and 7 more`.

    Names at most `limit` of them, in a text of about `room` characters. `total` is how many there
    are if these are only the first.
    """
    items = list(names)
    total = total or len(items)
    shown = fitting(items, limit if total <= limit else limit - 1, room)
    if shown < total:
        items = [*items[:shown], f"{total - shown} more"]
    if len(items) < 2:  # noqa: PLR2004 - "and" needs two
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def named(names: Sequence[str], limit: int = 6, room: int = 300, *, each: int = 80) -> str:
    """List names that others chose, each in at most `each` characters."""
    labels = (safe_name(name, each) for name in names[:limit])
    return join_names(labels, limit, room, total=len(names))

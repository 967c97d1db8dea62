"""The states of an access request that messages distinguish."""

from enum import StrEnum

from teleport_client.model.access_request import AccessRequest, RequestState


class Status(StrEnum):
    """The ledger stores the values, so they never change."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    PROMOTED = "promoted"
    EXPIRED = "ran_out"
    """Expired before a resolution."""
    ACCESS_ENDED = "ended"
    """Approved, and the access has ended."""
    DELETED = "deleted"
    """Deleted before a resolution."""
    DELETED_APPROVED = "deleted_approved"
    """Approved and then deleted. Certificates issued with it stay valid."""
    CANCELLED = "cancelled"
    """Deleted from Slack by its requester, before a resolution."""

    @property
    def closed(self) -> bool:
        """Whether the request is resolved, expired or deleted."""
        return self is not Status.WAITING

    @property
    def is_resolved(self) -> bool:
        """Whether a reviewer's decision is final: only the end of the access can follow."""
        return self in _RESOLVED


_RESOLVED = {
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

    `expired` means that Teleport no longer lists it: only Teleport's own clock decides this.
    """
    if request.pending:
        return Status.EXPIRED if expired else Status.WAITING
    status = _OF_STATE[request.state]
    return Status.ACCESS_ENDED if expired and status is Status.APPROVED else status

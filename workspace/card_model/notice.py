"""Notices: the DMs that a requester gets about a request."""

from enum import StrEnum

from workspace.card_model.status import Status


class Notice(StrEnum):
    """The ledger stores the values, so they never change."""

    CREATED = "created"
    APPROVED = "approved"
    DENIED = "denied"
    PROMOTED = "promoted"
    EXPIRED = "ran_out"
    DELETED = "deleted"
    ENDING = "ending"
    """Access ends soon. It follows the notice about the approval."""


OUTCOMES = {
    Status.APPROVED: Notice.APPROVED,
    Status.ACCESS_ENDED: Notice.APPROVED,
    Status.DELETED_APPROVED: Notice.APPROVED,
    Status.DENIED: Notice.DENIED,
    Status.PROMOTED: Notice.PROMOTED,
    Status.EXPIRED: Notice.EXPIRED,
    Status.DELETED: Notice.DELETED,
}
"""Notice of each closed status. The end of access has no notice of its own: it updates the notice
about the approval. The requester gets none about an own cancellation: the notice about the new
request shows it."""

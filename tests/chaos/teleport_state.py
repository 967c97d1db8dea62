"""The state of each request in Teleport, including the requests that are deleted at the end."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sandbox.teleport.errors import TeleportError
from sandbox.teleport.state.access_requests import AccessRequests
from sandbox.teleport.state.changes import Deleted, Put
from sandbox.teleport.timestamps import moment
from teleport_client._proto.types_pb2 import APPROVED, DENIED, PENDING, AccessRequestV3

WAITING = "⏳ Waiting for approval"
APPROVED_NOW = "✅ Approved"
ACCESS_ENDED = ", access has ended"
DENIED_FOR_GOOD = "⛔ Denied"
EXPIRED = "⌛ Expired"
DELETED = "🗑️ Deleted before a decision"
CANCELLED = "🚫 Cancelled"
DELETED_APPROVED = ", then deleted"
_CLOCKS_APART = timedelta(seconds=3)
"""Uncertainty of the clocks, within which a deletion and an expiry look alike."""


@dataclass(frozen=True, slots=True)
class Life:
    """The last version of a request, with the times of its changes."""

    request: AccessRequestV3
    created: datetime
    changed: datetime
    waited_until: datetime
    """Expiry of the pending request. An approval moves the expiry to the end of the access."""
    gone: datetime | None = None

    def statuses(self, now: datetime, *, noticed: bool, cancelled: bool) -> frozenset[str]:
        """Return the statuses that a card may show. `cancelled` requires a record of it.

        There are several only if the bots may have missed the last change (`noticed` is false).
        They miss it if the request was deleted soon after, while all bots were dead or without a
        watch.
        """
        spec = self.request.Spec
        if spec.State == PENDING:
            return self._of_cancelled(now) if cancelled else self._of_waiting(now)
        last = frozenset({DENIED_FOR_GOOD}) if spec.State == DENIED else self._of_approved(now)
        return last if self.gone is None or noticed else last | self._of_waiting(now)

    def listed_until(self, now: datetime) -> datetime:
        """Return the moment after which the request is deleted or can't be reviewed."""
        spec = self.request.Spec
        over = moment(spec.Expires) if spec.State == APPROVED else self.waited_until
        return min(self.gone or now, over, now)

    def may_expire_first(self, now: datetime) -> bool:
        """Return whether the request can have expired before it was resolved.

        Teleport accepts a review of an expired request until it deletes the request.
        """
        approved = self.request.Spec.State == APPROVED
        return self.waited_until <= (self.changed + _CLOCKS_APART if approved else now)

    def _of_approved(self, now: datetime) -> frozenset[str]:
        """Return the statuses of an approved request.

        A deletion after the end of the access looks like an expiry.
        """
        spec = self.request.Spec
        assert spec.State == APPROVED
        ends = moment(spec.Expires)
        if self.gone is None:
            return frozenset({ACCESS_ENDED if ends <= now else APPROVED_NOW})
        deleted = frozenset({DELETED_APPROVED} if self.gone < ends else ())
        return deleted | frozenset({ACCESS_ENDED} if ends <= now + _CLOCKS_APART else ())

    def _of_cancelled(self, now: datetime) -> frozenset[str]:
        """Return the statuses of a request that the requester wanted to cancel.

        It can expire before the bot deletes it.
        """
        waiting = self._of_waiting(now)
        return waiting if self.gone is None else waiting - {DELETED} | {CANCELLED}

    def _of_waiting(self, now: datetime) -> frozenset[str]:
        late = self.waited_until <= now
        if self.gone is None:
            return frozenset({EXPIRED if late else WAITING})
        if self.waited_until <= self.gone:
            return frozenset({EXPIRED})
        return frozenset({DELETED, EXPIRED}) if late else frozenset({DELETED})


class TeleportState:
    """Follows all requests of a cluster."""

    def __init__(self, requests: AccessRequests) -> None:
        self._requests = requests
        self.lives: dict[str, Life] = {}

    async def follow(self) -> None:
        """Follow changes until cancelled. Subscribe again whenever a fault cuts the watches."""
        while True:
            with self._requests.changes.subscribe() as subscription:
                self._catch_up()
                try:
                    async for change in subscription.changes():
                        match change:
                            case Put(AccessRequestV3() as request):
                                self._put(request)
                            case Deleted("access_request", request_id):
                                self._gone(request_id)
                except TeleportError:
                    # A fault cut the watches.
                    continue

    def _catch_up(self) -> None:
        for request in self._requests.values():
            known = self.lives.get(request.Metadata.Name)
            if known is None or known.request.Metadata.Revision != request.Metadata.Revision:
                self._put(request)
        for request_id in self.lives.keys() - self._requests.keys():
            self._gone(request_id)

    def _put(self, request: AccessRequestV3) -> None:
        now, known = datetime.now(UTC), self.lives.get(request.Metadata.Name)
        if known is None or request.Spec.State == PENDING:
            waits_until = min(moment(request.Spec.ResourceExpiry), moment(request.Spec.Expires))
        else:
            waits_until = known.waited_until
        self.lives[request.Metadata.Name] = Life(
            request, known.created if known else now, now, waits_until
        )

    def _gone(self, request_id: str) -> None:
        life = self.lives[request_id]
        if life.gone is None:
            self.lives[request_id] = replace(life, gone=datetime.now(UTC))

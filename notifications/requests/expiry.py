"""Moments at which an access request changes without an event: it expires, or its access ends.

The bot's clock can be ahead of Teleport's, so it doesn't prove that a request expired. At the
moment the bot asks Teleport (`confirm`), and later again if Teleport still lists the request.

Teleport's lists leave an expired request out by Teleport's own clock. A read by ID returns it until
it is deleted: a pending one 40 s later or more. Servers before 18 delete it at once. So "expired"
is a request that a read returns and a list of its user's requests doesn't.
"""

from datetime import datetime, timedelta

from notifications.following.follower import Follower
from notifications.requests.followed_requests import AccessRequests
from teleport_client.model.access_request import AccessRequest, RequestState

_SOONEST, _LATEST = timedelta(seconds=10), timedelta(minutes=5)
"""Limits of the time between two checks of a request after its moment."""


class RequestExpiry:
    def __init__(self, requests: Follower[AccessRequest], kind: AccessRequests) -> None:
        self._requests = requests
        self._kind = kind
        self._expired: dict[str, AccessRequest] = {}
        """Copies that Teleport has and no longer lists. A newer copy of a request isn't expired."""

    def expired(self, request_id: str) -> bool:
        """Return whether Teleport confirmed that the cached copy of a request expired."""
        cached = self._requests.get(request_id)
        return cached is not None and self._expired.get(request_id) is cached.object

    def forget(self, request_id: str) -> None:
        self._expired.pop(request_id, None)

    async def confirm(self, request_id: str) -> None:
        """Ask Teleport whether a request expired. Raises TeleportError."""
        request = await self._requests.refresh(request_id)
        cached = self._requests.get(request_id)
        if request is None or cached is None:
            return
        listed = await self._kind.list_of(request.user)
        unchanged = self._requests.get(request_id) is cached
        if unchanged and all(each.id != request_id for each in listed):
            self._expired[request_id] = cached.object


def is_due(request: AccessRequest, now: datetime) -> bool:
    """Return whether a request's moment has passed by the bot's clock."""
    moment = _next_transition(request)
    return moment is not None and moment <= now


def next_check(request: AccessRequest, now: datetime) -> datetime | None:
    """Return when to look at a request again: the longer its moment has passed, the later."""
    moment = _next_transition(request)
    if moment is None or moment > now:
        return moment
    return now + min(max(now - moment, _SOONEST), _LATEST)


def _next_transition(request: AccessRequest) -> datetime | None:
    """Return when a request changes next without an event."""
    if request.pending:
        return request.expires
    return request.access_until if request.state is RequestState.APPROVED else None

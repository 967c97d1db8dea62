"""How many new requests of one person go before the backlog: the rest of a flood waits in it."""

from collections import Counter
from collections.abc import Iterable

from teleport_client.model.access_request import AccessRequest
from workspace.rate_limit import RateLimit

_AT_ONCE = 10
_SECONDS_EACH = 6.0
"""After which one more may go first."""


def newcomers() -> RateLimit:
    """Return the limit that tells, by user, whether a new request goes first."""
    return RateLimit(at_once=_AT_ONCE, seconds_each=_SECONDS_EACH)


def within_limit(requests: Iterable[AccessRequest]) -> list[AccessRequest]:
    """Leave out those of people who made more of them than may go first at once."""
    new = list(requests)
    count = Counter(request.user for request in new)
    return [request for request in new if count[request.user] <= _AT_ONCE]

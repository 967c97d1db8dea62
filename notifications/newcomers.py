"""How many new requests of one person go before the backlog: the rest of a flood waits in it."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from time import monotonic

from teleport_client.access_request import AccessRequest

_AT_ONCE = 10
_SECONDS_EACH = 6.0
"""After which one more may go first."""
_REMEMBERED = 10_000
"""People; the newest only."""


class Newcomers:
    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._busy_until: OrderedDict[str, float] = OrderedDict()
        """By user: when as many may go first again as at the beginning."""

    def goes_first(self, user: str) -> bool:
        """Count a new request of this user."""
        now = self._clock()
        until = max(now, self._busy_until.pop(user, now))
        first = until + _SECONDS_EACH <= now + _AT_ONCE * _SECONDS_EACH
        self._busy_until[user] = until + _SECONDS_EACH if first else until
        if len(self._busy_until) > _REMEMBERED:
            self._busy_until.popitem(last=False)
        return first


def without_floods(requests: Iterable[AccessRequest]) -> list[AccessRequest]:
    """Leave out those of people who made more of them than may go first at once."""
    new = list(requests)
    count = Counter(request.user for request in new)
    return [request for request in new if count[request.user] <= _AT_ONCE]

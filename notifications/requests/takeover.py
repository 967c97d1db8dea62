"""The start of a new leader: it reads the ledger, then enqueues every request once.

A request without a card that was created within the last minute isn't backlog: the old leader may
have been gone for as long, and the request may be short-lived. If there are very many of these, the
channel couldn't take their cards in that time anyway, and all are backlog.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import structlog

from notifications.following.follower import Follower
from notifications.following.newcomers import AT_ONCE
from notifications.notification_rules import PlanContext, has_card, should_skip
from notifications.records.ledger import Ledger
from notifications.requests.reconciler import RequestReconciler
from notifications.requests.request_queue import RequestQueue
from teleport_client.model.access_request import AccessRequest

RECENT = timedelta(minutes=1)
_MAX_RECENT = 60
"""Cards that a channel takes in that time."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Takeover:
    def __init__(
        self,
        *,
        requests: Follower[AccessRequest],
        queue: RequestQueue,
        ledger: Ledger,
        reconciler: RequestReconciler,
        now: Callable[[], datetime],
        recent: timedelta = RECENT,
    ) -> None:
        self._requests = requests
        self._queue = queue
        self._ledger = ledger
        self._reconciler = reconciler
        self._now = now
        self._recent = recent

    async def load(self) -> list[AccessRequest]:
        """Read the ledger. Raises TeleportError.

        Return the pending requests that the bot's very first start skips; later starts skip none.
        """
        await self._ledger.load()
        log.info("ledger_loaded", entry_count=len(self._ledger), request_count=len(self._requests))
        if not self._ledger.ids:
            return self._skipped(self._reconciler.set_first_start(self._now()))
        if first_started := self._ledger.first_started:
            self._reconciler.set_first_start(first_started)
        return []

    def enqueue_all(self) -> None:
        recent = self._recent_ones()
        for request in self._requests.objects():
            self._queue.add(request.id, high_priority=request.id in recent)
        for request_id in self._ledger.ids:
            self._queue.add(request_id, high_priority=False)

    def recorded_locks(self) -> Iterator[str]:
        """Yield the requests that are locked according to the ledger."""
        for request_id in tuple(self._ledger.ids):
            entry = self._ledger.get(request_id)
            if entry is not None and entry.card_model.locked:
                yield request_id

    def _skipped(self, context: PlanContext) -> list[AccessRequest]:
        now = self._now()
        pending = (request for request in self._requests.objects() if request.pending)
        return [request for request in pending if should_skip(request, now, context)]

    def _recent_ones(self) -> frozenset[str]:
        since = self._now() - self._recent
        young = (each for each in self._requests.objects() if each.created and each.created > since)
        without_card = (each for each in young if not has_card(self._ledger.get(each.id)))
        recent = frozenset(each.id for each in without_floods(without_card))
        return recent if len(recent) <= _MAX_RECENT else frozenset()


def without_floods(requests: Iterable[AccessRequest]) -> list[AccessRequest]:
    """Leave out all requests of each user with more of them than get high priority at once."""
    new = list(requests)
    count = Counter(request.user for request in new)
    return [request for request in new if count[request.user] <= AT_ONCE]

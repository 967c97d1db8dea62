"""Moments at which a request changes by itself: waiting runs out, access ends."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush

from teleport_client.model.access_request import AccessRequest, RequestState

_LONGEST_SLEEP = 30.0
"""Seconds; the wall clock may be set in the meantime."""
_SOONEST, _LATEST = timedelta(seconds=10), timedelta(minutes=5)
"""Between two reports of a request whose moment has passed: the longer ago, the rarer."""


class ExpiryTimers:
    """Reports an id when its moment has come: the last one that was set for it."""

    def __init__(self, ring: Callable[[str], None], *, now: Callable[[], datetime]) -> None:
        self._ring = ring
        self._now = now
        self._set: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._news = asyncio.Event()

    def schedule(self, request: AccessRequest) -> None:
        """Report it at its moment; after that again and again, since our clock may be ahead."""
        moment, now = next_transition(request), self._now()
        if moment is None:
            return
        if moment <= now:
            if self._set.get(request.id, now) > now:
                return
            moment = now + min(max(now - moment, _SOONEST), _LATEST)
        if self._set.get(request.id) != moment:
            self._set[request.id] = moment
            heappush(self._heap, (moment, request.id))
            self._news.set()

    async def run(self) -> None:
        while True:
            self._ring_due()
            self._news.clear()
            try:
                async with asyncio.timeout(self._pause()):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _ring_due(self) -> None:
        while self._heap and self._heap[0][0] <= self._now():
            moment, request_id = heappop(self._heap)
            if self._set.get(request_id) == moment:
                del self._set[request_id]
                self._ring(request_id)

    def _pause(self) -> float | None:
        if not self._heap:
            return None
        return min(_LONGEST_SLEEP, max(0.0, (self._heap[0][0] - self._now()).total_seconds()))


def next_transition(request: AccessRequest) -> datetime | None:
    """When this request will next change by itself, as it now stands."""
    if request.pending:
        return request.expires
    return request.access_until if request.state is RequestState.APPROVED else None

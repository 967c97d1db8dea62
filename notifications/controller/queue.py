"""Ids of requests that want attention: duplicates fold, one worker an id, failures come back later.

Ids, not events: whoever works on an id looks at everything there is to know about it then.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import structlog

from notifications.controller.blast_radius import BlastRadius, blast_radius
from teleport_client.errors import TeleportError
from workspace.sending.fence import SendingStopped
from workspace.sending.slack_failure import SLACK_ERRORS, describe, retry_delay

MAX_WORKERS = 32
_TURNS = 4
"""Of so many, one is for the backlog, where what is live waits too."""
_PROBLEM_AFTER_SECONDS = 60.0
"""Seconds in which a failure should have passed that nobody needs to know of."""
_SEVERAL = 2
"""Requests that fail without an answer, and none succeeds: a single one may be the cause itself."""
_FIRST_RETRY = 0.5
LONGEST_PAUSE = 60.0
"""Seconds before a request that fails is tried again."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


Reconcile: TypeAlias = Callable[[str, bool], Awaitable[bool]]
"""Told an id, and whether it is live rather than of the backlog; gives whether all is done."""

HasCapacity: TypeAlias = Callable[[bool], bool]
"""Told whether it is for what is live; gives whether more messages may be handed in."""


@dataclass(frozen=True, slots=True)
class _Failing:
    """An id for which something stands in the way."""

    since: float
    error: Exception
    count: int = 0


class ChangeQueue:
    """What is live goes before the backlog, which has each fourth turn all the same.

    Closed, it takes nothing and forgets everything.
    """

    def __init__(
        self, *, max_backoff: float = LONGEST_PAUSE, long: float = _PROBLEM_AFTER_SECONDS
    ) -> None:
        self._max_backoff = max_backoff
        self._long = long
        self._high: OrderedDict[str, None] = OrderedDict()
        self._low: OrderedDict[str, None] = OrderedDict()
        self._processing: set[str] = set()
        self._dirty: dict[str, bool] = {}
        self._failing: dict[str, _Failing] = {}
        self._begun: set[str] = set()
        self._succeeded_at = float("-inf")
        self._delayed: dict[str, tuple[asyncio.TimerHandle, bool]] = {}
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = False
        self._taken = 0

    def __len__(self) -> int:
        """Ids that wait or are worked on."""
        return len(self._high) + len(self._low) + len(self._processing) + len(self._delayed)

    @property
    def failing(self) -> int:
        """Count the ids that failed at their last attempt."""
        return len(self._failing)

    @property
    def problem(self) -> str:
        """Why nothing can be shown for a while, if so. One request alone is a `warning`."""
        long = self._failing_for_long()
        everyone = [each for each in long if blast_radius(each.error) is BlastRadius.EVERYONE]
        unanswered = [each for each in long if blast_radius(each.error) is BlastRadius.SERVICE]
        outage = len(unanswered) >= _SEVERAL and all(
            self._succeeded_at < each.since for each in unanswered
        )
        return _cannot_be_shown(everyone or (unanswered if outage else []))

    @property
    def warning(self) -> str:
        """Which requests cannot be shown for a while, whatever the reason."""
        return _cannot_be_shown(self._failing_for_long())

    def _failing_for_long(self) -> list[_Failing]:
        if not self._failing:
            return []
        before = asyncio.get_running_loop().time() - self._long
        return [each for each in self._failing.values() if each.since <= before]

    @property
    def processing(self) -> int:
        """Ids that are worked on now."""
        return len(self._processing)

    def add(self, request_id: str, *, high_priority: bool = True) -> None:
        if not self._open:
            return
        if later := self._delayed.pop(request_id, None):
            later[0].cancel()
            high_priority = high_priority or later[1]
        if request_id in self._processing:
            self._dirty[request_id] = high_priority or self._dirty.get(request_id, False)
        elif high_priority:
            self._low.pop(request_id, None)
            self._high[request_id] = None
        elif request_id not in self._high:
            self._low[request_id] = None
        self._news.set()

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False
        for later, _ in self._delayed.values():
            later.cancel()
        for waiting in (
            self._high,
            self._low,
            self._dirty,
            self._failing,
            self._begun,
            self._delayed,
        ):
            waiting.clear()

    async def finish(self) -> None:
        """Start on nothing more, and wait for what is being worked on."""
        self.close()
        await self._idle.wait()

    async def run(
        self,
        work: Reconcile,
        *,
        has_capacity: HasCapacity = lambda _high: True,
        at_once: int = MAX_WORKERS,
    ) -> None:
        """Work on ids until cancelled, on up to `at_once` of them at a time.

        Ids wait while there is no `room` for them, which is asked whenever something was added.
        """
        async with asyncio.TaskGroup() as workers:
            for _ in range(at_once):
                workers.create_task(self._worker(work, has_capacity))

    def retry(self, request_id: str, error: Exception, *, high_priority: bool) -> None:
        """Come back to an id after a pause, as live as it was, since something stood in the way."""
        if not self._open:
            return
        later = self._delayed.pop(request_id, None)
        # Messages of one request that fail together are one failure.
        failures = self._count_failure(request_id, error, first=later is None)
        limit = min(_FIRST_RETRY * 2 ** min(failures - 1, 10), self._max_backoff)
        pause = limit * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads load
        if isinstance(error, SLACK_ERRORS):
            pause = max(pause, retry_delay(error))
        _log_failure(request_id, error, failures, pause, first=later is None)
        self._news.set()
        if later is not None:
            later[0].cancel()
            high_priority = high_priority or later[1]
        if request_id not in self._dirty:
            self._schedule(request_id, pause, high_priority=high_priority)

    def add_after(self, request_id: str, seconds: float) -> None:
        """Come back to an id after so long, unless something brings it up before."""
        if self._open and request_id not in self._delayed:
            self._schedule(request_id, seconds, high_priority=False)

    def _count_failure(self, request_id: str, error: Exception, *, first: bool) -> int:
        now = asyncio.get_running_loop().time()
        known = self._failing.get(request_id) or _Failing(now, error)
        failing = self._failing[request_id] = replace(known, error=error, count=known.count + first)
        return failing.count

    def _schedule(self, request_id: str, seconds: float, *, high_priority: bool) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._due, request_id)
        self._delayed[request_id] = timer, high_priority

    async def _worker(self, work: Reconcile, has_capacity: HasCapacity) -> None:
        while True:
            request_id, high_priority = await self._next(has_capacity)
            try:
                done = await work(request_id, high_priority)
            except Exception as error:  # noqa: BLE001 - one request's problem isn't another's
                self.retry(request_id, error, high_priority=high_priority)
            else:
                self._note(request_id, done=done)
            finally:
                self._processing.discard(request_id)
                if not self._processing:
                    self._idle.set()
                if request_id in self._dirty:
                    self.add(request_id, high_priority=self._dirty.pop(request_id))

    def _note(self, request_id: str, *, done: bool) -> None:
        """Count as a success only that something was sent: most looks find nothing to do."""
        if not done:
            self._begun.add(request_id)
        elif self._failing.pop(request_id, None) or request_id in self._begun:
            self._begun.discard(request_id)
            self._succeeded_at = asyncio.get_running_loop().time()

    async def _next(self, has_capacity: HasCapacity) -> tuple[str, bool]:
        while (high_priority := self._next_priority(has_capacity)) is None:
            self._news.clear()
            await self._news.wait()
        self._taken += 1
        request_id, _ = (self._high if high_priority else self._low).popitem(last=False)
        self._processing.add(request_id)
        self._idle.clear()
        return request_id, high_priority

    def _next_priority(self, has_capacity: HasCapacity) -> bool | None:
        """Whether what is live has its turn or the backlog; None if neither."""
        waiting = {True: self._high, False: self._low}
        first = self._taken % _TURNS != _TURNS - 1
        return next(
            (
                high_priority
                for high_priority in (first, not first)
                if waiting[high_priority] and has_capacity(high_priority)
            ),
            None,
        )

    def _due(self, request_id: str) -> None:
        _, high_priority = self._delayed.pop(request_id)
        self.add(request_id, high_priority=high_priority)


def _cannot_be_shown(failing: Sequence[_Failing]) -> str:
    if not failing:
        return ""
    what = "1 access request is" if len(failing) == 1 else f"{len(failing)} access requests are"
    return f"what {what} to show cannot be shown: {describe(failing[-1].error)}"


def _log_failure(
    request_id: str, error: Exception, failures: int, pause: float, *, first: bool
) -> None:
    """What is not foreseen is a mistake of ours, and is always told, with its traceback.

    Of the rest, `first` of those that fail together, and what goes on failing ever more rarely:
    the first time, the second, the fourth. The others are for whoever looks closely.
    """
    said: Callable[..., object]
    if not isinstance(error, (*SLACK_ERRORS, TeleportError, SendingStopped)):
        said = partial(log.error, exc_info=error)
    elif first and not failures & (failures - 1):
        said = log.warning
    else:
        said = log.debug
    said(
        "reconcile_failed",
        request_id=request_id,
        error=describe(error),
        failure_count=failures,
        retry_in_seconds=round(pause, 1),
    )

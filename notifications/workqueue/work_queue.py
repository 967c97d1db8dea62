"""Work queue: deduplicates keys, runs one worker per key, retries failures with backoff.

Keys, not events: a worker looks at the newest state of the object, so events can be merged. Names
and rules follow client-go's workqueue and controller-runtime's Result:

- A key that is added while it waits is processed once; one that is added while a worker processes
  it is processed once more afterwards. Two workers never process one key at the same time.
- `add_after` and `retry` set a delay of the monotonic clock, one per key. `add` ends the delay.
- `add_at` sets a moment of the wall clock, one per key. `add` leaves it in place, and the result
  of the next reconciliation replaces it: `AgainAt` sets another one, `Done` removes it. After
  `Started` or a failure it stays, because the key comes back anyway.
- Errors that are reported while a key waits for its retry belong to the same failure.
- A closed queue ignores keys and forgets all it had: another replica works on them then.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from notifications.workqueue.delays import DelayedKeys
from notifications.workqueue.failures import PROBLEM_AFTER_SECONDS, Failures, log_failure
from notifications.workqueue.key import Key
from notifications.workqueue.priorities import HasCapacity, PriorityKeys
from notifications.workqueue.reconcile_result import (
    AgainAfter,
    AgainAt,
    Done,
    Result,
    Retry,
    Started,
)
from notifications.workqueue.wall_clock_timers import WallClockTimers
from workspace.backoff import Backoff
from workspace.moment import utc_now
from workspace.sending.slack_failure import SLACK_ERRORS, retry_delay

MAX_WORKERS = 32
RETRY_BACKOFF = Backoff(first=0.5, longest=60.0)

Reconcile: TypeAlias = Callable[[Key, bool], Awaitable[Result]]
"""Takes a key and whether it has high priority."""


class WorkQueue:
    def __init__(
        self,
        *,
        noun: str = "object",
        now: Callable[[], datetime] = utc_now,
        backoff: Backoff = RETRY_BACKOFF,
        problem_after: float = PROBLEM_AFTER_SECONDS,
    ) -> None:
        self.failures = Failures(noun, after=problem_after)
        self._backoff = backoff
        self._waiting = PriorityKeys()
        self._delayed = DelayedKeys(self._add)
        self._timers = WallClockTimers(self._add, now=now)
        self._processing: set[Key] = set()
        self._dirty: dict[Key, bool] = {}
        """Keys that were added while a worker processes them, with their priority."""
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = False

    def __len__(self) -> int:
        """Count keys that wait, are processed or have a delay."""
        return len(self._waiting) + len(self._processing) + len(self._delayed)

    @property
    def processing(self) -> int:
        return len(self._processing)

    def add(self, key: Key, *, high_priority: bool = True) -> None:
        if not self._open:
            return
        high_priority = bool(self._delayed.pop(key)) or high_priority
        if key in self._processing:
            self._dirty[key] = high_priority or self._dirty.get(key, False)
        else:
            self._waiting.add(key, high_priority=high_priority)
        self._news.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Add a key with low priority after a delay, unless it has a delay already."""
        if self._open and key not in self._delayed:
            self._delayed.set(key, seconds, high_priority=False)

    def add_at(self, key: Key, moment: datetime, *, high_priority: bool = False) -> None:
        """Add a key at a moment of the wall clock, in place of an earlier moment."""
        if self._open:
            self._timers.set(key, moment, high_priority=high_priority)

    def retry(self, key: Key, error: Exception, *, high_priority: bool) -> None:
        """Add a key after its backoff, or after the time that Slack asks for."""
        if not self._open:
            return
        delayed = self._delayed.pop(key)
        count = self.failures.count(key, error, new=delayed is None)
        pause = self._backoff.delay(count)
        if isinstance(error, SLACK_ERRORS):
            pause = max(pause, retry_delay(error))
        log_failure(key, error, count, pause, new=delayed is None)
        self._news.set()
        if key not in self._dirty:
            self._delayed.set(key, pause, high_priority=high_priority or bool(delayed))

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False
        for part in (self._waiting, self._delayed, self._timers, self._dirty, self.failures):
            part.clear()

    async def finish(self) -> None:
        """Close the queue and wait until its workers have ended."""
        self.close()
        await self._idle.wait()

    async def run(
        self,
        reconcile: Reconcile,
        *,
        has_capacity: HasCapacity = lambda _high: True,
        workers: int = MAX_WORKERS,
    ) -> None:
        """Process keys until cancelled. `has_capacity` is asked again after each addition."""
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(reconcile, has_capacity))

    async def _work(self, reconcile: Reconcile, has_capacity: HasCapacity) -> None:
        while True:
            key, high_priority = await self._next(has_capacity)
            try:
                result = await reconcile(key, high_priority)
            except Exception as error:  # noqa: BLE001 - one key's error doesn't stop another key
                result = Retry(error)
            finally:
                self._processing.discard(key)
                if not self._processing:
                    self._idle.set()
            self._apply(key, result, high_priority=high_priority)
            if key in self._dirty:
                self.add(key, high_priority=self._dirty.pop(key))

    def _apply(self, key: Key, result: Result, *, high_priority: bool) -> None:
        match result:
            case Retry(error):
                self.retry(key, error, high_priority=high_priority)
                return
            case Started():
                self.failures.started(key)
                return
            case AgainAt(moment, high):
                self.add_at(key, moment, high_priority=high)
            case AgainAfter(seconds):
                self.add_after(key, seconds)
            case Done():
                self._timers.discard(key)
        self.failures.succeeded(key)

    async def _next(self, has_capacity: HasCapacity) -> tuple[Key, bool]:
        while (found := self._waiting.pop(has_capacity)) is None:
            self._news.clear()
            await self._news.wait()
        self._processing.add(found[0])
        self._idle.clear()
        return found

    def _add(self, key: Key, high_priority: bool) -> None:
        self.add(key, high_priority=high_priority)

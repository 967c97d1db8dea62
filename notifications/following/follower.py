"""Follows all objects of one kind, as client-go's Reflector and informer do.

Level-triggered: handlers get the keys of objects that may have changed, not the changes.

1. Open a watch. It reports everything that happens from then on.
2. List all objects, and apply the events that arrived during the list after it.
3. Relist soon after that, and once more a minute after step 1, because the server's cache may have
   been too old in step 2 to show a change from just before the watch. Then relist at intervals.
4. After any break, wait with backoff and start again. Each watch costs the server a full list.

An object that a relist doesn't show is read by name before it counts as deleted: the server's cache
can lag, and without permission Teleport shows nothing instead of an error.

Each kind has its own watch. So a kind that the bot's role can't read fails alone, and its follower
retries until an administrator grants the permission.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, islice, repeat
from time import monotonic
from typing import Generic, Protocol

import structlog

from notifications.following.cache import Cached, ObjectCache
from notifications.following.followed_kind import FollowedKind, Object
from notifications.following.newcomers import newcomers
from notifications.following.reads import ReadsInFlight
from notifications.following.stream import (
    ConnectionReplaced,
    EventStream,
    WatchEnded,
    open_stream,
)
from notifications.workqueue.key import Key
from notifications.workqueue.reconcile_result import AgainAfter, Done, Result
from notifications.workqueue.work_queue import WorkQueue
from teleport_client.errors import PermissionDenied, TeleportError
from teleport_client.model.event import Deleted, Put, WatchEvent
from teleport_client.visibility import NotVisible
from workspace.backoff import Backoff
from workspace.conditions import Component
from workspace.moment import utc_now

_BACKOFF = Backoff(first=0.5, longest=15.0, steady=15.0)
"""Delays before the next watch. It costs the server a list of all objects."""
_DENIALS = (NotVisible, PermissionDenied)
"""Errors of a bot that lacks a permission."""
_MAX_READS = 200
"""Missing objects that are read after one list, one after the other."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FollowTiming:
    """Seconds."""

    relist_soon: float = 15.0
    """After the watch was opened."""
    relist_again: float = 45.0
    """After that relist."""
    relist: float = 300.0
    backoff: Backoff = _BACKOFF

    def scaled(self, factor: float) -> "FollowTiming":
        soon, again = self.relist_soon / factor, self.relist_again / factor
        return FollowTiming(soon, again, self.relist, self.backoff.scaled(factor))

    def delays(self) -> Iterator[float]:
        """Return the time until each relist, from the opening of the watch on."""
        return map(_spread, chain((self.relist_soon, self.relist_again), repeat(self.relist)))


class ChangeHandler(Protocol):
    def __call__(self, key: Key, *, high_priority: bool) -> None: ...


class Follower(Generic[Object]):
    """Runs on every replica. `reconnected` waits until the client uses a new connection."""

    def __init__(
        self,
        kind: FollowedKind[Object],
        *,
        reconnected: Callable[[], Awaitable[None]],
        condition: Component,
        timing: FollowTiming = FollowTiming(),
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.kind = kind
        self._reconnected = reconnected
        self._condition = condition
        self._timing = timing
        self._handlers: list[ChangeHandler] = []
        self._read_handlers: list[ChangeHandler] = []
        self._cache = ObjectCache(kind, now)
        self._reads = ReadsInFlight()
        self._newcomers = newcomers()
        self._changed_since_list: set[str] = set()
        """Names of objects with an event since the last list was requested."""
        self._gets_events = False
        """Whether a watch is open, and all objects have been listed since it was opened."""
        self._watching_since = 0.0
        """Monotonic time of the first list of the last watch."""
        self._denied = ""
        """Teleport's denial since the last list. Only an administrator can end it: log it once."""
        self.synced = asyncio.Event()
        """Set once all objects have been listed for the first time."""
        condition.not_ready("not synced yet")

    def __len__(self) -> int:
        return len(self._cache)

    @property
    def watching(self) -> bool:
        """Return whether the watch is open, so the copy is up to date."""
        return self._condition.is_ready

    @property
    def denied(self) -> bool:
        """Return whether Teleport has denied the bot a list since the last complete one."""
        return bool(self._denied)

    def on_change(self, handler: ChangeHandler) -> None:
        """Call a handler with each key that may have changed, and its priority.

        High priority is for events, except for floods of new objects. An object that only a list
        shows is backlog, unless it was created after the first list.
        """
        self._handlers.append(handler)

    def on_read_change(self, handler: ChangeHandler) -> None:
        """Call a handler with each key for which `refresh` shows a change.

        `on_change` doesn't report these, because the caller of `refresh` knows them.
        """
        self._read_handlers.append(handler)

    def key(self, name: str) -> Key:
        return Key(self.kind.name, name)

    def get(self, name: str) -> Cached[Object] | None:
        return self._cache.get(name)

    def last_known(self, name: str) -> Object | None:
        """Return the last state of a deleted object."""
        return self._cache.last_known(name)

    def last_seen(self, name: str) -> datetime | None:
        """Return when a deleted object was seen last."""
        return self._cache.last_seen(name)

    def forget(self, name: str) -> None:
        """Drop the last state of a deleted object."""
        self._cache.forget(name)

    def objects(self) -> Iterable[Object]:
        return self._cache.objects()

    def up_to_date(self) -> Iterable[Object] | None:
        """Return all objects that exist, None while the bot doesn't get their events.

        That is also so while the next watch is opened after a reconnect, when `watching` is true.
        """
        return self._cache.present() if self._gets_events else None

    def all_keys(self) -> Iterable[Key]:
        return [self.key(self.kind.name_of(each)) for each in self._cache.objects()]

    async def refresh(self, name: str) -> Object | None:
        """Read one object from Teleport's storage, None if it is deleted. Raises TeleportError."""
        with self._reads.reading(name) as read:
            found = await self.kind.read(name)
        if not read.superseded:
            self._store_read(name, found)
        cached = self._cache.get(name)
        return cached.object if cached else None

    async def run(self) -> None:
        """Follow Teleport until cancelled, through every break."""
        attempt = 0
        while True:
            try:
                async with open_stream(self.kind, self._reconnected) as stream:
                    await self._follow(stream)
            except ConnectionReplaced:
                log.info("watch_reconnect_started", kind=self.kind.name)
                continue
            except (TeleportError, WatchEnded) as error:
                lasted = monotonic() - self._watching_since if self.watching else 0.0
                attempt = self._timing.backoff.next_attempt(attempt, lasted=lasted)
                await self._back_off(error, self._timing.backoff.delay(attempt))

    async def _back_off(self, error: Exception, delay: float) -> None:
        self._condition.not_ready(f"the watch ended: {error}")
        denied = str(error) if isinstance(error, _DENIALS) else ""
        if not denied or denied != self._denied:
            log.warning(
                "watch_ended",
                kind=self.kind.name,
                error=str(error),
                retry_in_seconds=round(delay, 1),
            )
        self._denied = denied or self._denied
        await asyncio.sleep(delay)

    async def _follow(self, stream: EventStream[Object]) -> None:
        listed = await self.kind.list()
        self._cache.mark_stale()
        self._apply_list(listed, changed=frozenset())
        self._condition.ready()
        self._gets_events = True
        self._denied = ""
        self._watching_since = monotonic()
        self.synced.set()
        log.info("watch_started", kind=self.kind.name, object_count=len(self))
        relisting = asyncio.create_task(self._relist_at_intervals(stream))
        try:
            while True:
                self._apply_event(await stream.next())
        finally:
            self._gets_events = False
            relisting.cancel()

    async def _relist_at_intervals(self, stream: EventStream[Object]) -> None:
        """Each watch has its own queue: the last relist of the previous one may still be ending."""
        relists, delays = WorkQueue(), self._timing.delays()
        relists.open()
        relists.add_after(self.key("*"), next(delays))
        try:
            await relists.run(partial(self._relist, stream, delays), workers=1)
        finally:
            relists.close()

    async def _relist(
        self, stream: EventStream[Object], delays: Iterator[float], _key: Key, _high: bool
    ) -> Result:
        self._changed_since_list.clear()
        try:
            self._apply_list(await self.kind.list(), changed=self._changed_since_list)
            await self._read_missing()
        except _DENIALS as error:
            stream.end(error)
            return Done()
        except TeleportError as error:
            log.warning("relist_failed", kind=self.kind.name, error=str(error))
        except Exception as error:  # noqa: BLE001 - raised by `_follow`
            stream.end(error)
            return Done()
        return AgainAfter(next(delays))

    async def _read_missing(self) -> None:
        """Read missing objects here: a replica without the lease has no reconciler that does."""
        for name in islice(self._cache.missing(), _MAX_READS):
            if await self.refresh(name) is None:
                self._report(name, high_priority=False)

    def _store_read(self, name: str, found: Object | None) -> None:
        before = self._cache.get(name)
        self._cache.store(name, found)
        if found != (before.object if before else None):
            for handler in self._read_handlers:
                handler(self.key(name), high_priority=False)

    def _apply_event(self, event: WatchEvent[Object]) -> None:
        match event:
            case Put(found):
                name = self.kind.name_of(found)
                known = name in self._cache
                high = known or self._newcomers.allow(self.kind.owner(found))
                self._cache.store(name, found)
            case Deleted(name):
                high = True
                self._cache.store(name, None)
        self._changed_since_list.add(name)
        self._reads.supersede(name)
        self._report(name, high_priority=high)

    def _apply_list(self, listed: Iterable[Object], *, changed: AbstractSet[str]) -> None:
        """Report new objects as events that were missed, all others as backlog."""
        for each in self._cache.apply_list(listed, changed=changed):
            missed = each.new and self.synced.is_set()
            high = missed and self._newcomers.allow(self.kind.owner(each.object))
            self._report(each.name, high_priority=high)

    def _report(self, name: str, *, high_priority: bool) -> None:
        for handler in self._handlers:
            handler(self.key(name), high_priority=high_priority)


def _spread(seconds: float) -> float:
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 - only spreads load

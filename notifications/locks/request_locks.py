"""The lock in force on each access request, and its changes.

A lock changes without the request that it names: Teleport sends no event about the request. So a
change of a lock is reported as a change of the request. A lock that is replaced by one with another
target changes both requests. Teleport sends no event when a lock expires either: `next_expiry` is
the time to look again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from notifications.following.cache import Source
from notifications.following.follower import Follower
from notifications.workqueue.key import Key
from teleport_client.errors import TeleportError
from teleport_client.model.lock import Lock


class LockChangeHandler(Protocol):
    def __call__(self, request_id: str, *, high_priority: bool) -> None: ...


class RequestLocks:
    def __init__(self, locks: Follower[Lock], now: Callable[[], datetime]) -> None:
        self._locks = locks
        self._now = now
        self._targets: dict[str, str] = {}
        """Access requests by the names of their locks."""
        self._names: defaultdict[str, set[str]] = defaultdict(set)
        """Names of locks by access request, also of locks that are gone."""
        self._handlers: list[LockChangeHandler] = []
        locks.on_change(self._report)

    @property
    def known(self) -> asyncio.Event:
        """Set once all locks have been listed. Without permission, it is never set."""
        return self._locks.synced

    def on_change(self, handler: LockChangeHandler) -> None:
        """Call a handler with each request whose locks may have changed."""
        self._handlers.append(handler)

    def of(self, request_id: str) -> Lock | None:
        """Return the lock in force on a request, the one that lasts longest if there are more."""
        return max(self._in_force(request_id), key=_end, default=None)

    def next_expiry(self, request_id: str) -> datetime | None:
        """Return when the first of the locks on a request expires."""
        times = (lock.expires for lock in self._in_force(request_id))
        return min((each for each in times if each is not None), default=None)

    async def confirm(self, request_id: str) -> None:
        """Read locks that a list lacks: they are gone, or newer than the list.

        A lock that can't be read now stays, and the follower reads it again after its next list.
        """
        for name in tuple(self._names.get(request_id, ())):
            cached = self._locks.get(name)
            if cached is not None and cached.source is Source.MISSING:
                with suppress(TeleportError):
                    await self._locks.refresh(name)

    def _in_force(self, request_id: str) -> list[Lock]:
        cached = map(self._locks.get, self._names.get(request_id, ()))
        locks = (each.object for each in cached if each is not None)
        return [lock for lock in locks if lock.in_force(self._now())]

    def _report(self, key: Key, *, high_priority: bool) -> None:
        """Report the request that the lock names, and the one that it named before."""
        before = self._targets.pop(key.name, "")
        cached = self._locks.get(key.name)
        now = cached.object.access_request if cached is not None else ""
        self._locks.forget(key.name)
        if before:
            self._remove(before, key.name)
        if now:
            self._targets[key.name] = now
            self._names[now].add(key.name)
        for request_id in dict.fromkeys(filter(None, (before, now))):
            for handler in self._handlers:
                handler(request_id, high_priority=high_priority)

    def _remove(self, request_id: str, name: str) -> None:
        names = self._names[request_id]
        names.discard(name)
        if not names:
            del self._names[request_id]


def _end(lock: Lock) -> tuple[bool, float, str]:
    """Return a sort key: a lock without an expiry comes last."""
    expires = lock.expires
    return expires is None, expires.timestamp() if expires else 0.0, lock.name

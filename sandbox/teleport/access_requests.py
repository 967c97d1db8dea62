"""The stored access requests, and who is told when one changes.

A stored message is never altered, only replaced: whoever read one keeps a value.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from sandbox.teleport.errors import TeleportError
from teleport_client._proto.types_pb2 import AccessRequestV3


@dataclass(frozen=True)
class Put:
    """A request as it is now: new, reviewed or decided."""

    request: AccessRequestV3


@dataclass(frozen=True)
class Deleted:
    """A request that is gone, for whatever reason."""

    id: str


Change = Put | Deleted


@dataclass(frozen=True)
class _Cut:
    error: TeleportError | None


@dataclass(frozen=True)
class Subscription:
    """Changes in their order, from the moment of subscribing, until it is cut."""

    _queue: asyncio.Queue[Change | _Cut] = field(default_factory=asyncio.Queue)

    async def changes(self) -> AsyncIterator[Change]:
        """Raises the error it was cut with; ends if it was cut without one."""
        while not isinstance(change := await self._queue.get(), _Cut):
            yield change
        if change.error is not None:
            raise change.error

    def tell(self, change: Change | _Cut) -> None:
        self._queue.put_nowait(change)


class AccessRequests(Mapping[str, AccessRequestV3]):
    """Requests by id."""

    def __init__(self) -> None:
        self._stored: dict[str, AccessRequestV3] = {}
        self._snapshot: dict[str, AccessRequestV3] | None = None
        self._subscriptions: set[Subscription] = set()

    def __getitem__(self, request_id: str) -> AccessRequestV3:
        return self._stored[request_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    @property
    def stale_lists(self) -> bool:
        """Whether lists answer from the past, as another Auth Service's cache may.

        Setting it takes the snapshot, unsetting it drops the snapshot. Watches and
        look-ups by id are not affected.
        """
        return self._snapshot is not None

    @stale_lists.setter
    def stale_lists(self, stale: bool) -> None:
        self._snapshot = dict(self._stored) if stale else None

    def listed(self) -> tuple[AccessRequestV3, ...]:
        """What a list sees, in no particular order."""
        return tuple((self._stored if self._snapshot is None else self._snapshot).values())

    def put(self, request: AccessRequestV3) -> AccessRequestV3:
        """Store under its name, replacing what was there; returns what is stored."""
        stored = AccessRequestV3()
        stored.CopyFrom(request)
        stored.Metadata.Revision = str(uuid4())
        self._stored[stored.Metadata.Name] = stored
        self._tell(Put(stored))
        return stored

    def delete(self, request_id: str) -> None:
        """Raises KeyError if there is none."""
        del self._stored[request_id]
        self._tell(Deleted(request_id))

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.remove(subscription)

    def cut_subscriptions(self, error: TeleportError | None) -> None:
        """End every present subscription, after what it has not read yet."""
        for subscription in self._subscriptions:
            subscription.tell(_Cut(error))

    async def first_where(self, matches: Callable[[AccessRequestV3], bool]) -> AccessRequestV3:
        """The first request, stored or still to come, that matches."""
        with self.subscribe() as subscription:
            for request in self._stored.values():
                if matches(request):
                    return request
            async for change in subscription.changes():
                if isinstance(change, Put) and matches(change.request):
                    return change.request
        raise ConnectionAbortedError("watching was cut before a request matched")

    def _tell(self, change: Change) -> None:
        for subscription in self._subscriptions:
            subscription.tell(change)

"""Changes in the cluster, and their subscribers: the source of watch events.

`publish` puts a change into the queue of each subscriber and never waits. It runs on the event loop
directly after the write, so all subscribers see the changes in the order of the writes. A cut is an
entry of the same queue: the subscriber gets all earlier changes first.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sandbox.teleport.errors import TeleportError
from teleport_client._proto.types_pb2 import AccessRequestV3, LockV2, RoleV6


@dataclass(frozen=True)
class Put:
    """The new state of a resource that was created or changed."""

    resource: AccessRequestV3 | LockV2 | RoleV6


@dataclass(frozen=True)
class Deleted:
    """A resource was deleted or has expired."""

    kind: str
    name: str


@dataclass(frozen=True)
class Recorded:
    """The audit log has a new event. Users and logins change without another notice."""


Change = Put | Deleted | Recorded


@dataclass(frozen=True)
class _Cut:
    error: TeleportError | None


@dataclass(frozen=True)
class Subscription:
    """The changes since the subscription, in order, until it is cut."""

    _queue: asyncio.Queue[Change | _Cut] = field(default_factory=asyncio.Queue)

    async def changes(self) -> AsyncIterator[Change]:
        """Yield the changes. Raises the error of the cut, or ends if it had none."""
        while not isinstance(change := await self._queue.get(), _Cut):
            yield change
        if change.error is not None:
            raise change.error

    def add(self, change: Change | _Cut) -> None:
        self._queue.put_nowait(change)


class Changes:
    """Passes each change to all subscribers."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        subscription: Subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.remove(subscription)

    def publish(self, change: Change) -> None:
        for subscription in self._subscriptions:
            subscription.add(change)

    def cut(self, error: TeleportError | None) -> None:
        """End all subscriptions after their pending changes."""
        for subscription in self._subscriptions:
            subscription.add(_Cut(error))

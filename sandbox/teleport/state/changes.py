"""Changes of stored resources, and their subscribers: the source of watch events."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sandbox.teleport.errors import TeleportError
from teleport_client._proto.types_pb2 import AccessRequestV3, RoleV6


@dataclass(frozen=True)
class Put:
    """A resource was created or changed: its whole new state."""

    resource: AccessRequestV3 | RoleV6


@dataclass(frozen=True)
class Deleted:
    """A resource was deleted or has expired."""

    kind: str
    name: str


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

    def add(self, change: Change | _Cut) -> None:
        self._queue.put_nowait(change)


class Changes:
    """Passes each change to all present subscribers."""

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
        """End every present subscription, after what it has not read yet."""
        for subscription in self._subscriptions:
            subscription.add(_Cut(error))

"""Teleport's locks as a followed kind."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager

from notifications.following.followed_kind import FollowedKind
from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound
from teleport_client.model.event import WatchEvent
from teleport_client.model.lock import Lock
from teleport_client.services.locks import LOCKS


class Locks(FollowedKind[Lock]):
    """Without permission, Teleport denies each of these calls."""

    name = LOCKS.name

    def __init__(self, teleport: TeleportClient) -> None:
        self._teleport = teleport

    async def list(self) -> Iterable[Lock]:
        return await self._teleport.locks.list()

    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[WatchEvent[Lock]]]:
        return self._teleport.events.watch(LOCKS)

    async def read(self, name: str) -> Lock | None:
        try:
            return await self._teleport.locks.get(name)
        except NotFound:
            return None

    def name_of(self, found: Lock) -> str:
        return found.name

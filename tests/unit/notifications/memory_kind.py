"""A kind of object in memory. It controls the content and the time of a follower's reads."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from notifications.following.followed_kind import FollowedKind
from teleport_client.model.event import WatchEvent


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    owner: str = "alice"
    created: datetime | None = None
    version: int = 1
    resync: bool = False


class MemoryKind(FollowedKind[Thing]):
    """`listed` is the next list, `stored` is what reads find, and `events` arrive in the watch."""

    name = "thing"

    def __init__(self, *listed: Thing) -> None:
        self.listed: Iterable[Thing] | Exception = listed
        self.stored: dict[str, Thing] = {}
        self.events: asyncio.Queue[WatchEvent[Thing] | Exception] = asyncio.Queue()
        self.may_list, self.may_read = asyncio.Event(), asyncio.Event()
        self.may_list.set()
        self.may_read.set()
        self.lists: asyncio.Queue[None] = asyncio.Queue()
        """One item for each call of `list`."""

    async def list(self) -> Iterable[Thing]:
        self.lists.put_nowait(None)
        listed = self.listed
        await self.may_list.wait()
        if isinstance(listed, Exception):
            raise listed
        return listed

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[WatchEvent[Thing]]]:
        yield self._read_events()

    async def _read_events(self) -> AsyncIterator[WatchEvent[Thing]]:
        while not isinstance(event := await self.events.get(), Exception):
            yield event
        raise event

    async def read(self, name: str) -> Thing | None:
        found = self.stored.get(name)
        await self.may_read.wait()
        return found

    def name_of(self, found: Thing) -> str:
        return found.name

    def created(self, found: Thing) -> datetime | None:
        return found.created

    def owner(self, found: Thing) -> str:
        return found.owner

    def resync(self, found: Thing) -> bool:
        return found.resync

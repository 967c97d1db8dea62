"""Teleport's access requests and plugin data in memory, with a follower of the requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from notifications.following.follower import Follower
from notifications.locks.followed_locks import Locks
from notifications.locks.request_locks import RequestLocks
from notifications.requests.followed_requests import AccessRequests
from teleport_client.client import TeleportClient
from teleport_client.errors import Conflict, NotFound, Unreachable
from teleport_client.model.access_request import AccessRequest
from teleport_client.model.cluster import PluginData
from teleport_client.visibility import NotVisible, Visibility
from tests.samples import NOW
from workspace.conditions import Conditions
from workspace.moment import utc_now


@dataclass
class RequestService:
    stored: dict[str, AccessRequest] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    """Stored requests that lists leave out: Teleport does this with expired ones."""

    outdated: dict[str, AccessRequest] = field(default_factory=dict)
    """Older states that lists return, from a cache of the server."""
    reads: list[str] = field(default_factory=list)
    """IDs that were read by name."""

    during_list: Callable[[], Awaitable[object]] | None = None

    async def list(self, *, user: str) -> Iterable[AccessRequest]:
        if self.during_list is not None:
            await self.during_list()
        return [
            self.outdated.get(each.id, each)
            for each in self.stored.values()
            if each.id not in self.unlisted and user in {"", each.user}
        ]

    async def get(self, name: str) -> AccessRequest:
        self.reads.append(name)
        if name not in self.stored:
            raise NotFound("no such request")
        return self.stored[name]


@dataclass
class PluginDataService:
    data: dict[str, PluginData] = field(default_factory=dict)

    unreachable: bool = False

    async def list(self, _plugin: str, *, request_id: str = "") -> dict[str, PluginData]:
        if self.unreachable:
            raise Unreachable("no answer")
        return {name: each for name, each in self.data.items() if request_id in {"", name}}

    async def update(
        self, _plugin: str, request_id: str, *, change: PluginData, expect: PluginData
    ) -> None:
        if self.unreachable:
            raise Unreachable("no answer")
        stored = self.data.get(request_id, {})
        if any(stored.get(key, "") != expect[key] for key in expect):
            raise Conflict("compare failed")
        self.data[request_id] = {**stored, **change}


class EventService:
    """A watch in which nothing happens."""

    @asynccontextmanager
    async def watch(self, _kind: object) -> AsyncIterator[AsyncIterator[object]]:
        yield self._no_events()

    async def _no_events(self) -> AsyncIterator[object]:
        await asyncio.Event().wait()
        yield None


@dataclass
class MemoryTeleport:
    requests: RequestService = field(default_factory=RequestService)
    plugin_data: PluginDataService = field(default_factory=PluginDataService)
    events: EventService = field(default_factory=EventService)
    visible: bool = True

    async def check_list(self) -> None:
        if not self.visible:
            raise NotVisible("no list")

    async def check_missing(self) -> None:
        if not self.visible:
            raise NotVisible("no read")

    @property
    def client(self) -> TeleportClient:
        return cast("TeleportClient", self)

    @property
    def kind(self) -> AccessRequests:
        return AccessRequests(self.client, cast("Visibility", self))

    def follower(self) -> Follower[AccessRequest]:
        return Follower(
            self.kind,
            reconnected=_never,
            condition=Conditions().component("watch"),
            now=lambda: NOW,
        )

    def locks(self) -> RequestLocks:
        """Return the locks as a bot that can't read them knows them."""
        follower = Follower(
            Locks(self.client),
            reconnected=_never,
            condition=Conditions().component("locks"),
        )
        return RequestLocks(follower, utc_now)

    async def list_once(self, follower: Follower[AccessRequest]) -> None:
        """Let a follower list the requests once: its copies are then only as new as the list."""
        follower.synced.clear()
        running = asyncio.create_task(follower.run())
        await follower.synced.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def follow(self, *requests: AccessRequest) -> Follower[AccessRequest]:
        """Store requests, and return a follower that knows them."""
        self.requests.stored = {each.id: each for each in requests}
        follower = self.follower()
        for each in requests:
            await follower.refresh(each.id)
        return follower


async def _never() -> None:
    await asyncio.Event().wait()

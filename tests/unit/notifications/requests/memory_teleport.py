"""Teleport's access requests and plugin data in memory, with a follower of the requests."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from notifications.following.follower import Follower
from notifications.requests.followed_requests import AccessRequests
from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound
from teleport_client.model.access_request import AccessRequest
from teleport_client.model.cluster import PluginData
from teleport_client.visibility import NotVisible, Visibility
from workspace.conditions import Conditions


@dataclass
class RequestService:
    stored: dict[str, AccessRequest] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    """Stored requests that lists leave out: Teleport does this with expired ones."""

    async def list(self, *, user: str) -> Iterable[AccessRequest]:
        return [
            each
            for each in self.stored.values()
            if each.id not in self.unlisted and user in {"", each.user}
        ]

    async def get(self, name: str) -> AccessRequest:
        if name not in self.stored:
            raise NotFound("no such request")
        return self.stored[name]


@dataclass
class PluginDataService:
    data: dict[str, PluginData] = field(default_factory=dict)

    async def list(self, _plugin: str) -> dict[str, PluginData]:
        return self.data


@dataclass
class MemoryTeleport:
    requests: RequestService = field(default_factory=RequestService)
    plugin_data: PluginDataService = field(default_factory=PluginDataService)
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
        async def reconnected() -> None:
            raise AssertionError("no watch is opened")

        return Follower(
            self.kind, reconnected=reconnected, condition=Conditions().component("watch")
        )

    async def follow(self, *requests: AccessRequest) -> Follower[AccessRequest]:
        """Store requests, and return a follower that knows them."""
        self.requests.stored = {each.id: each for each in requests}
        follower = self.follower()
        for each in requests:
            await follower.refresh(each.id)
        return follower

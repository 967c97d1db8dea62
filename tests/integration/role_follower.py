"""A second, trivial kind of object: all the code that following Teleport's roles needs."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager

from notifications.following.followed_kind import FollowedKind
from notifications.following.follower import Follower, FollowTiming
from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound
from teleport_client.model.event import WatchEvent
from teleport_client.model.user import Role
from teleport_client.services.roles import ROLES
from workspace.conditions import Component


class Roles(FollowedKind[Role]):
    name = ROLES.name

    def __init__(self, teleport: TeleportClient) -> None:
        self._teleport = teleport

    async def list(self) -> Iterable[Role]:
        return await self._teleport.roles.list()

    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[WatchEvent[Role]]]:
        return self._teleport.events.watch(ROLES)

    async def read(self, name: str) -> Role | None:
        try:
            return await self._teleport.roles.get(name)
        except NotFound:
            return None

    def name_of(self, found: Role) -> str:
        return found.name


def follow_roles(client: TeleportClient, watch: Component, timing: FollowTiming) -> Follower[Role]:
    return Follower(Roles(client), reconnected=client.reconnected, condition=watch, timing=timing)

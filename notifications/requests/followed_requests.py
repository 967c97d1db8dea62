"""Access requests as a followed kind."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from notifications.following.followed_kind import FollowedKind
from notifications.workqueue.key import Key
from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound
from teleport_client.model.access_request import AccessRequest
from teleport_client.model.event import WatchEvent
from teleport_client.services.access_requests import ACCESS_REQUESTS
from teleport_client.visibility import Visibility


class AccessRequests(FollowedKind[AccessRequest]):
    """Without permission, Teleport returns empty lists and NotFound instead of an error.

    So `visibility` checks the bot's own roles after each list and each NotFound: a permission that
    is still there after a list was there for the list too.
    """

    name = ACCESS_REQUESTS.name

    def __init__(self, teleport: TeleportClient, visibility: Visibility) -> None:
        self._teleport = teleport
        self._visibility = visibility

    async def list(self) -> Iterable[AccessRequest]:
        return await self.list_of("")

    async def list_of(self, user: str) -> Iterable[AccessRequest]:
        """List the requests of one user, or of all if it is empty."""
        listed = await self._teleport.requests.list(user=user)
        await self._visibility.check_list()
        return listed

    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[WatchEvent[AccessRequest]]]:
        return self._teleport.events.watch(ACCESS_REQUESTS)

    async def read(self, name: str) -> AccessRequest | None:
        try:
            return await self._teleport.requests.get(name)
        except NotFound:
            await self._visibility.check_missing()
            return None

    def name_of(self, found: AccessRequest) -> str:
        return found.id

    def created(self, found: AccessRequest) -> datetime | None:
        return found.created

    def owner(self, found: AccessRequest) -> str:
        return found.user

    def resync(self, found: AccessRequest) -> bool:
        """Report pending requests at each list: a channel may accept messages by now."""
        return found.pending


def request_key(request_id: str) -> Key:
    return Key(ACCESS_REQUESTS.name, request_id)

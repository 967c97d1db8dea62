"""How a follower lists, watches and reads one kind of object."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Generic, TypeVar

from teleport_client.model.event import WatchEvent

Object = TypeVar("Object")


class FollowedKind(ABC, Generic[Object]):
    """One kind of object. Lists, watches and reads raise TeleportError."""

    name: str
    """Kind in Teleport's words, such as `access_request`."""

    @abstractmethod
    async def list(self) -> Iterable[Object]:
        """Return all objects, possibly from a cache of the server."""

    @abstractmethod
    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[WatchEvent[Object]]]:
        """Return a watch, which is entered once the server has confirmed it."""

    @abstractmethod
    async def read(self, name: str) -> Object | None:
        """Return one object from Teleport's storage, None only if it certainly doesn't exist."""

    @abstractmethod
    def name_of(self, found: Object) -> str:
        """Return the name of an object, unique within the kind."""

    def created(self, found: Object) -> datetime | None:  # noqa: ARG002 - the default for any object
        """Return when an object was created: lists are processed from the oldest to the newest."""
        return None

    def owner(self, found: Object) -> str:  # noqa: ARG002
        """Return the user that a flood of new objects is attributed to."""
        return ""

    def resync(self, found: Object) -> bool:  # noqa: ARG002
        """Return whether each list reports an object, even if it is unchanged."""
        return False

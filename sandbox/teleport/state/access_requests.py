"""The stored access requests and their changes.

A stored message is never modified, only replaced, so a reader can keep it.
"""

from collections.abc import Callable, Iterator, Mapping
from uuid import uuid4

from sandbox.teleport.state.changes import Changes, Deleted, Put
from sandbox.teleport.state.resources import ACCESS_REQUEST
from teleport_client._proto.types_pb2 import AccessRequestV3


class AccessRequests(Mapping[str, AccessRequestV3]):
    """Requests by ID."""

    def __init__(self) -> None:
        self.changes = Changes()
        self._stored: dict[str, AccessRequestV3] = {}
        self._snapshot: dict[str, AccessRequestV3] | None = None

    def __getitem__(self, request_id: str) -> AccessRequestV3:
        return self._stored[request_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    @property
    def stale_lists(self) -> bool:
        """Whether lists return an old snapshot, like another Auth Service's cache.

        Setting it takes the snapshot, and unsetting it drops the snapshot. Watches and lookups by
        ID aren't affected.
        """
        return self._snapshot is not None

    @stale_lists.setter
    def stale_lists(self, stale: bool) -> None:
        self._snapshot = dict(self._stored) if stale else None

    def listed(self) -> tuple[AccessRequestV3, ...]:
        """Return the requests in a list, in no particular order."""
        return tuple((self._stored if self._snapshot is None else self._snapshot).values())

    def put(self, request: AccessRequestV3) -> AccessRequestV3:
        """Store a request, replace one of the same name, and return the stored one."""
        stored = AccessRequestV3()
        stored.CopyFrom(request)
        stored.Metadata.Revision = str(uuid4())
        self._stored[stored.Metadata.Name] = stored
        self.changes.publish(Put(stored))
        return stored

    def delete(self, request_id: str) -> None:
        """Delete a request. Raises KeyError for an unknown ID."""
        del self._stored[request_id]
        self.changes.publish(Deleted(ACCESS_REQUEST, request_id))

    async def first_where(self, matches: Callable[[AccessRequestV3], bool]) -> AccessRequestV3:
        """Wait for the first matching request, including stored ones."""
        with self.changes.subscribe() as subscription:
            for request in self._stored.values():
                if matches(request):
                    return request
            async for change in subscription.changes():
                match change:
                    case Put(AccessRequestV3() as request) if matches(request):
                        return request
        raise ConnectionAbortedError("watching was cut before a request matched")

"""A client for Teleport's Auth Service, composed of one service object per Teleport service.

Every call takes a deadline in seconds, returns frozen values and raises only TeleportError.
"""

import asyncio
from types import TracebackType
from typing import Self

from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import LONGEST_DEADLINE
from teleport_client.services.access_requests import AccessRequestService
from teleport_client.services.cluster import ClusterService
from teleport_client.services.events import EventService
from teleport_client.services.locks import LockService
from teleport_client.services.plugin_data import PluginDataService
from teleport_client.services.resources import ResourceService
from teleport_client.services.roles import RoleService
from teleport_client.services.semaphores import SemaphoreService
from teleport_client.services.users import UserService
from teleport_client.transport.dialer import Connection


class TeleportClient:
    """Uses one connection, which it opens and closes.

    Use it as `async with TeleportClient(dial(address, credentials)) as teleport`, and call
    services as in `await teleport.roles.get("dev")`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._channel = RpcChannel(connection)
        self._reconnected = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()
        self.cluster = ClusterService(self._channel)
        self.events = EventService(self._channel)
        self.locks = LockService(self._channel)
        self.plugin_data = PluginDataService(self._channel)
        self.requests = AccessRequestService(self._channel)
        self.resources = ResourceService(self._channel)
        self.roles = RoleService(self._channel)
        self.semaphores = SemaphoreService(self._channel)
        self.users = UserService(self._channel)

    async def __aenter__(self) -> Self:
        await self._connection.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection. gRPC cancels calls in flight."""
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._connection.close()

    def reconnect(self) -> None:
        """Use a new connection, with the current credentials, for all calls from now on.

        Calls in flight end on the old connection, which closes after the longest deadline. A watch
        doesn't move: its reader waits for `reconnected` and opens a new one.
        """
        old = self._connection.reconnect()
        self._reconnected.set()
        self._reconnected = asyncio.Event()
        task = asyncio.create_task(old.close(LONGEST_DEADLINE))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def reconnected(self) -> None:
        """Wait for the next call of `reconnect`."""
        await self._reconnected.wait()

    @property
    def missing_methods(self) -> frozenset[str]:
        """Methods that the server lacks (UNIMPLEMENTED), as found since the last watch opened."""
        return frozenset(self._channel.missing_methods)

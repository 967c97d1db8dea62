"""The one place that opens a connection to Teleport's Auth Service."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

import grpc.aio

from teleport_client.credentials.identity import Credentials
from teleport_client.transport.connector import ConnectionMode, Connector
from teleport_client.transport.obstacle import Obstacle
from teleport_client.transport.relay import Relay
from teleport_client.transport.tls import server_name

MAX_RECEIVE_BYTES = 64 * 1024 * 1024
"""The plugin data of every request comes in one answer; gRPC's own limit is 4 MB."""

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", MAX_RECEIVE_BYTES),
    # Auth ends a connection that is pinged more than once a minute.
    ("grpc.keepalive_time_ms", 75_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    # This is the time that one attempt may take, not the pause between two.
    ("grpc.min_reconnect_backoff_ms", 30_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # gRPC connects to the relay alone, which asks for the proxy itself.
    ("grpc.enable_http_proxy", 0),
    # Or a new channel would go on with the connection of the old one.
    ("grpc.use_local_subchannel_pool", 1),
)


class Connection:
    """A channel, and the relay that carries it."""

    def __init__(self, relay: Relay, route: Connector, cluster: str) -> None:
        self._relay = relay
        self._route = route
        self._authority = server_name(cluster)
        self.channel = self._new_channel()

    @property
    def problem(self) -> str:
        """Why Auth could not be reached the last time it was tried; empty when it could."""
        return self._relay.problem

    @property
    def obstacle(self) -> Obstacle | None:
        """What kept the last connection from Auth; None if it got there, or was not tried."""
        return self._relay.obstacle

    @property
    def way(self) -> ConnectionMode | None:
        """The way that led to Auth the last time."""
        return self._route.taken

    async def open(self) -> None:
        """Make ready; Auth is connected to at the first call."""
        await self._relay.start()

    def reconnect(self) -> "Retired":
        """Replace the channel, which will connect anew. Gives the old one, to be closed."""
        old = Retired(self.channel, self._relay, self._relay.retire())
        self.channel = self._new_channel()
        return old

    async def close(self) -> None:
        """Cancel calls that are still under way."""
        await self.channel.close()
        await self._relay.close()

    def _new_channel(self) -> grpc.aio.Channel:
        options = [*_OPTIONS, ("grpc.default_authority", self._authority)]
        return grpc.aio.insecure_channel(self._relay.target, options=options)


@dataclass(frozen=True, slots=True)
class Retired:
    """A channel that was replaced."""

    _channel: grpc.aio.Channel
    _relay: Relay
    _connections: Collection["asyncio.Task[None]"]

    async def close(self, grace: float) -> None:
        """Wait so many seconds for calls under way, then close all that the channel used."""
        await self._channel.close(grace)
        self._relay.cut(self._connections)


def dial(
    address: str, credentials: Callable[[], Credentials], *, upgrade: bool | None = None
) -> Connection:
    """Prepare a connection to `host:port`, of Auth or of a proxy.

    `credentials` is asked whenever a connection is made. `upgrade` says whether to go through a
    load balancer that ends TLS; None finds out.
    """
    ways = {
        None: tuple(ConnectionMode),
        True: (ConnectionMode.UPGRADE,),
        False: (ConnectionMode.DIRECT,),
    }[upgrade]
    route = Connector(address, ways)
    return Connection(Relay(route, credentials), route, credentials().cluster)

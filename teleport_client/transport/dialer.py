"""The gRPC channel to the Auth Service, and its replacement.

A channel connects to the relay, and reconnects by itself. It can't exchange its connections, which
keep the credentials that they were opened with. So after a reload of the credentials `reconnect`
makes a new channel, and the old one stays until its calls have ended. gRPC keeps the connections of
a closed channel for as long as any object refers to one of its calls, so the relay closes them.
"""

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
"""One response carries the plugin data of all requests; gRPC's default limit is 4 MB."""

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", MAX_RECEIVE_BYTES),
    # The Auth Service closes a connection that is pinged more than once a minute.
    ("grpc.keepalive_time_ms", 75_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    # The timeout of one attempt, not the pause between two.
    ("grpc.min_reconnect_backoff_ms", 30_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # gRPC connects only to the relay; the relay uses the HTTP proxy.
    ("grpc.enable_http_proxy", 0),
    # Otherwise a new channel would use the connection of the old one.
    ("grpc.use_local_subchannel_pool", 1),
)


class Connection:
    """A channel and its relay."""

    def __init__(self, relay: Relay, connector: Connector, cluster: str) -> None:
        self._relay = relay
        self._connector = connector
        self._authority = server_name(cluster)
        self.channel = self._new_channel()

    @property
    def problem(self) -> str:
        """Error of the last attempt to connect; empty if it succeeded."""
        return self._relay.problem

    @property
    def obstacle(self) -> Obstacle | None:
        """Kind of `problem`; None without a problem or an attempt."""
        return self._relay.obstacle

    @property
    def mode(self) -> ConnectionMode | None:
        """Mode of the last connection."""
        return self._connector.mode

    async def open(self) -> None:
        """Start the relay. The first call connects to the Auth Service."""
        await self._relay.start()

    def reconnect(self) -> "Retired":
        """Replace the channel and return the old one, which the caller closes."""
        old = Retired(self.channel, self._relay, self._relay.retire())
        self.channel = self._new_channel()
        return old

    async def close(self) -> None:
        """Close the channel and its connections; calls in flight are cancelled."""
        await self.channel.close()
        await self._relay.close()

    def _new_channel(self) -> grpc.aio.Channel:
        options = [*_OPTIONS, ("grpc.default_authority", self._authority)]
        return grpc.aio.insecure_channel(self._relay.target, options=options)


@dataclass(frozen=True, slots=True)
class Retired:
    """A channel that was replaced, with its connections."""

    _channel: grpc.aio.Channel
    _relay: Relay
    _connections: Collection["asyncio.Task[None]"]

    async def close(self, grace: float) -> None:
        """Wait up to `grace` seconds for calls in flight, then close the connections."""
        await self._channel.close(grace)
        self._relay.cut(self._connections)


def dial(
    address: str, credentials: Callable[[], Credentials], *, upgrade: bool | None = None
) -> Connection:
    """Return a connection, not open yet, to `host:port` of the Auth Service or of a proxy.

    Each new connection calls `credentials`. `upgrade` forces or forbids the connection upgrade for
    load balancers that terminate TLS; None detects whether it is needed.
    """
    modes = {
        None: tuple(ConnectionMode),
        True: (ConnectionMode.UPGRADE,),
        False: (ConnectionMode.DIRECT,),
    }[upgrade]
    connector = Connector(address, modes)
    return Connection(Relay(connector, credentials), connector, credentials().cluster)

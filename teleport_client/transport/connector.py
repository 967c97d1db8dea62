"""How Auth is reached: at once, or wrapped so that a load balancer lets it through.

One handshake with Auth is the test. Whoever ends TLS on the way cannot show a certificate of the
cluster's own authorities, so where that handshake fails the connection is tried again inside the
upgrade that Teleport's proxies offer (lib/web/conn_upgrade.go).
"""

import asyncio
import os
import ssl
from collections.abc import Mapping, Sequence
from enum import StrEnum
from socket import gaierror
from time import monotonic

from teleport_client.transport.discovery import diagnose
from teleport_client.transport.issuer import Issuer, issuer_at
from teleport_client.transport.obstacle import NotTeleport, Obstacle, obstacle_of, worst_of
from teleport_client.transport.tls import TlsConnection, Transport
from teleport_client.transport.transports import TcpTransport, WebSocketTransport

CONNECT_SECONDS = 10.0
"""For each of the ways."""
_ASK_AGAIN_SECONDS = 60.0


class ConnectionMode(StrEnum):
    DIRECT = "direct"
    """TLS to Auth itself, or to a proxy with TLS routing, which forwards it untouched."""
    UPGRADE = "upgrade"
    """The same inside a WebSocket, which a load balancer understands."""


class ConnectFailed(Exception):
    """Auth cannot be reached. The text says what happened on each way that was tried."""

    def __init__(self, text: str, obstacle: Obstacle) -> None:
        super().__init__(text)
        self.obstacle = obstacle


_CARRIERS: dict[ConnectionMode, type[TcpTransport] | type[WebSocketTransport]] = {
    ConnectionMode.DIRECT: TcpTransport,
    ConnectionMode.UPGRADE: WebSocketTransport,
}


class Connector:
    """Finds the way to `address`, and takes what worked the last time first.

    `ways` are those that may be tried, the likelier first.
    """

    def __init__(
        self, address: str, ways: Sequence[ConnectionMode] = tuple(ConnectionMode)
    ) -> None:
        self._address = address
        self._ways = list(ways)
        self.taken: ConnectionMode | None = None
        """The way that led to Auth the last time."""
        self._why = ""
        self._issuer: Issuer | None = None
        self._ask_again_at = 0.0

    async def connect(self, context: ssl.SSLContext, cluster: str) -> TlsConnection:
        """Open a connection and shake hands. Raises NoRoute."""
        failures: dict[ConnectionMode, Exception] = {}
        for way in tuple(self._ways):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    connection = await self._connect_by(way, context, cluster)
            except (OSError, ssl.SSLError, TimeoutError, ValueError) as error:
                failures[way] = error
                if not _may_be_a_load_balancer(error):
                    break
            else:
                self._prefer(way)
                return connection
        raise await self._no_route(failures, cluster)

    async def _no_route(
        self, failures: Mapping[ConnectionMode, Exception], cluster: str
    ) -> ConnectFailed:
        said = [_explained(way, error) for way, error in failures.items()]
        obstacles = [obstacle_of(error) for error in failures.values()]
        obstacle = worst_of(obstacles)
        if len(failures) > 1:
            await self._look_closer(cluster)
            said += [self._why] if self._why else []
        if obstacle is Obstacle.OTHER_CLUSTER and self._issuer is not None:
            said.append(f"the certificate there was issued by {self._issuer.name}")
            if Obstacle.UNTRUSTED_PROXY in obstacles and not self._issuer.is_teleport:
                obstacle = Obstacle.UNTRUSTED_PROXY
        return ConnectFailed("; ".join(said), obstacle)

    async def _look_closer(self, cluster: str) -> None:
        """Ask whoever answers there, and not at every attempt."""
        if monotonic() > self._ask_again_at:
            self._ask_again_at = monotonic() + _ASK_AGAIN_SECONDS
            self._why, self._issuer = await asyncio.gather(
                diagnose(self._address, cluster), issuer_at(self._address, cluster)
            )

    async def _connect_by(
        self, way: ConnectionMode, context: ssl.SSLContext, cluster: str
    ) -> TlsConnection:
        carrier: Transport = await _CARRIERS[way].connect(self._address)
        connection = TlsConnection(carrier, context, cluster)
        try:
            await connection.handshake()
        except BaseException:
            await connection.close()
            raise
        return connection

    def _prefer(self, way: ConnectionMode) -> None:
        self.taken = way
        self._ways.sort(key=lambda each: each is not way)


def _may_be_a_load_balancer(error: Exception) -> bool:
    """Whether somebody took the connection and could not go on with it as Auth would."""
    return isinstance(error, ssl.SSLError | ConnectionResetError | NotTeleport)


def _explained(way: ConnectionMode, error: Exception) -> str:
    said = _words(error)
    return said if way is ConnectionMode.DIRECT else f"through a load balancer: {said}"


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not of this cluster ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or error})"
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:g} s"
    if isinstance(error, OSError) and error.errno:
        # A name that is not found has numbers of its own.
        return str(error.strerror if isinstance(error, gaierror) else os.strerror(error.errno))
    return str(error) or type(error).__name__

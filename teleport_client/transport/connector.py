"""Connecting to the Auth Service: directly, or through a load balancer that terminates TLS.

A TLS handshake with the Auth Service shows whether the direct mode works: a load balancer has no
certificate from the cluster's Host CA. If the handshake fails, the connector repeats it inside the
connection upgrade that Teleport's proxies offer for this case (lib/web/conn_upgrade.go). The next
connection starts with the mode that worked last.

If both modes fail, the texts of both errors are often misleading. The connector then queries the
proxy's public endpoint and reads the issuer of the server's certificate, at most once a minute, to
add the cause: another cluster, TLS routing turned off, or a TLS proxy in between.
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
"""Timeout of each mode."""
_DIAGNOSIS_SECONDS = 60.0
"""Minimum time between two diagnoses."""


class ConnectionMode(StrEnum):
    DIRECT = "direct"
    """TLS to the Auth Service, or to a proxy with TLS routing, which forwards it unchanged."""
    UPGRADE = "upgrade"
    """The same inside a WebSocket, which passes load balancers."""


class ConnectFailed(Exception):
    """The Auth Service can't be reached. The text has the error of each mode."""

    def __init__(self, text: str, obstacle: Obstacle) -> None:
        super().__init__(text)
        self.obstacle = obstacle


_TRANSPORTS: dict[ConnectionMode, type[TcpTransport] | type[WebSocketTransport]] = {
    ConnectionMode.DIRECT: TcpTransport,
    ConnectionMode.UPGRADE: WebSocketTransport,
}


class Connector:
    """Connects to `address` in one of `modes`, starting with the one that worked last."""

    def __init__(
        self, address: str, modes: Sequence[ConnectionMode] = tuple(ConnectionMode)
    ) -> None:
        self._address = address
        self._modes = list(modes)
        self.mode: ConnectionMode | None = None
        """Mode of the last connection."""
        self._diagnosis = ""
        self._issuer: Issuer | None = None
        self._next_diagnosis_at = 0.0

    async def connect(self, context: ssl.SSLContext, cluster: str) -> TlsConnection:
        """Open a connection and do the TLS handshake. Raises ConnectFailed."""
        failures: dict[ConnectionMode, Exception] = {}
        for mode in tuple(self._modes):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    connection = await self._connect_in(mode, context, cluster)
            except (OSError, ssl.SSLError, TimeoutError, ValueError) as error:
                failures[mode] = error
                if not _is_possible_load_balancer(error):
                    break
            else:
                self._prefer(mode)
                return connection
        raise await self._explain(failures, cluster)

    async def _explain(
        self, failures: Mapping[ConnectionMode, Exception], cluster: str
    ) -> ConnectFailed:
        causes = [_describe(mode, error) for mode, error in failures.items()]
        obstacles = [obstacle_of(error) for error in failures.values()]
        obstacle = worst_of(obstacles)
        if len(failures) > 1:
            await self._diagnose(cluster)
            causes += [self._diagnosis] if self._diagnosis else []
        if obstacle is Obstacle.OTHER_CLUSTER and self._issuer is not None:
            causes.append(f"the certificate there was issued by {self._issuer.name}")
            if Obstacle.UNTRUSTED_PROXY in obstacles and not self._issuer.is_teleport:
                obstacle = Obstacle.UNTRUSTED_PROXY
        return ConnectFailed("; ".join(causes), obstacle)

    async def _diagnose(self, cluster: str) -> None:
        """Query the server at the address, but not at every attempt."""
        if monotonic() > self._next_diagnosis_at:
            self._next_diagnosis_at = monotonic() + _DIAGNOSIS_SECONDS
            self._diagnosis, self._issuer = await asyncio.gather(
                diagnose(self._address, cluster), issuer_at(self._address, cluster)
            )

    async def _connect_in(
        self, mode: ConnectionMode, context: ssl.SSLContext, cluster: str
    ) -> TlsConnection:
        transport: Transport = await _TRANSPORTS[mode].connect(self._address)
        connection = TlsConnection(transport, context, cluster)
        try:
            await connection.handshake()
        except BaseException:
            await connection.close()
            raise
        return connection

    def _prefer(self, mode: ConnectionMode) -> None:
        self.mode = mode
        self._modes.sort(key=lambda each: each is not mode)


def _is_possible_load_balancer(error: Exception) -> bool:
    """Return whether a server accepted the connection and then didn't act like Teleport."""
    return isinstance(error, ssl.SSLError | ConnectionResetError | NotTeleport)


def _describe(mode: ConnectionMode, error: Exception) -> str:
    text = _text_of(error)
    return text if mode is ConnectionMode.DIRECT else f"through a load balancer: {text}"


def _text_of(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate isn't from this cluster ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or error})"
    if isinstance(error, TimeoutError):
        return f"no response within {CONNECT_SECONDS:g} s"
    if isinstance(error, OSError) and error.errno:
        # Errors of name resolution have their own numbers.
        return str(error.strerror if isinstance(error, gaierror) else os.strerror(error.errno))
    return str(error) or type(error).__name__

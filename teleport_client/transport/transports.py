"""Transports under TLS: a TCP connection, or the messages of a WebSocket.

Both use the HTTP proxy that the environment names. The WebSocket is Teleport's connection upgrade:
the proxy accepts it as a web request, which load balancers forward, and copies the payload of its
binary messages to the Auth Service. The web connection is verified by the CAs of this machine; the
TLS inside is verified again by the cluster's own CAs.
"""

import asyncio
import base64
import ssl
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp.http_websocket import WebSocketWriter

from teleport_client.transport.http_proxy import proxy_for
from teleport_client.transport.no_redirects import RedirectRefused, no_redirects
from teleport_client.transport.obstacle import NotTeleport, UntrustedProxy, obstacle_of

_CHUNK = 64 * 1024
_CLOSE_SECONDS = 2.0
_UPGRADE = "/webapi/connectionupgrade"
_SUBPROTOCOL = "alpn-ping"
"""With this subprotocol the proxy sends pings, so that load balancers see traffic."""


class TcpTransport:
    """A TCP connection, through an HTTP proxy if the environment names one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, address: str) -> Self:
        """Connect to `host:port`. Raises OSError."""
        proxy = proxy_for(address)
        if not proxy:
            return cls(*await asyncio.open_connection(*_host_and_port(address)))
        parts = urlsplit(proxy)
        if parts.scheme != "http":
            raise NotTeleport(f"unsupported HTTP proxy scheme {parts.scheme}; use http")
        transport = cls(*await asyncio.open_connection(parts.hostname, parts.port or 80))
        try:
            await transport._tunnel(address, parts.username, parts.password)
        except BaseException:
            await transport.close()
            raise
        return transport

    async def read(self) -> bytes:
        return await self._reader.read(_CHUNK)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._writer.wait_closed()
        except TimeoutError:
            self._writer.transport.abort()
        except OSError:
            return

    async def _tunnel(self, address: str, user: str | None, password: str | None) -> None:
        """Send CONNECT for `address` to the proxy (RFC 9110, 9.3.6)."""
        lines = [f"CONNECT {address} HTTP/1.1", f"Host: {address}"]
        if user is not None:
            secret = f"{unquote(user)}:{unquote(password or '')}".encode()
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(secret).decode()}")
        await self.write("\r\n".join([*lines, "", ""]).encode())
        try:
            response = await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise NotTeleport("the HTTP proxy didn't answer CONNECT", transient=True) from None
        version, _, status = response.splitlines()[0].decode(errors="replace").partition(" ")
        if not version.startswith("HTTP/1.") or not status.startswith("2"):
            raise NotTeleport(f"the HTTP proxy refused {address}: {status[:80]}", transient=True)


class _UnmaskedWebSocket(aiohttp.ClientWebSocketResponse):
    """A WebSocket with masks of zeros, which leave the payload as it is.

    Proxies before 16.2.1 don't unmask the payload (gravitational/teleport#45858). Masks keep web
    pages from choosing the bytes on the wire; nothing can choose the bytes of TLS records.
    """

    def __init__(self, reader: Any, writer: WebSocketWriter, *args: Any, **options: Any) -> None:
        writer.get_random_bits = partial(int)
        super().__init__(reader, writer, *args, **options)


class WebSocketTransport:
    """The messages of a WebSocket, which pass load balancers that terminate TLS."""

    def __init__(
        self, session: aiohttp.ClientSession, socket: "aiohttp.ClientWebSocketResponse[bool]"
    ) -> None:
        self._session = session
        self._socket = socket

    @classmethod
    async def connect(cls, address: str) -> Self:
        """Open a connection upgrade at a Teleport proxy (lib/web/conn_upgrade.go).

        Raises OSError.
        """
        session = aiohttp.ClientSession(
            ws_response_class=_UnmaskedWebSocket, trace_configs=[no_redirects()]
        )
        try:
            socket = await session.ws_connect(
                f"https://{address}{_UPGRADE}",
                protocols=(_SUBPROTOCOL,),
                proxy=proxy_for(address) or None,
                ssl=ssl.create_default_context(),
                max_msg_size=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
            )
        except aiohttp.ClientError as error:
            await session.close()
            raise _upgrade_error(error) from error
        except BaseException:
            await session.close()
            raise
        transport = cls(session, socket)
        if socket.protocol != _SUBPROTOCOL:
            await transport.close()
            raise NotTeleport("the upgraded connection isn't a Teleport connection")
        return transport

    async def read(self) -> bytes:
        message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            return bytes(message.data)
        if message.type is aiohttp.WSMsgType.ERROR:
            raise OSError(str(message.data))
        return b""

    async def write(self, data: bytes) -> None:
        await self._socket.send_bytes(data)

    async def close(self) -> None:
        await self._socket.close()
        await self._session.close()


def _upgrade_error(error: aiohttp.ClientError) -> OSError:
    """Return the error for a failed connection upgrade."""
    match error:
        case aiohttp.WSServerHandshakeError(status=status):
            transient = status >= HTTPStatus.INTERNAL_SERVER_ERROR
            return NotTeleport(f"connection upgrade failed, status {status}", transient=transient)
        case RedirectRefused():
            return NotTeleport(f"connection upgrade failed, {error}")
        case aiohttp.ClientConnectorCertificateError(certificate_error=cause):
            return _web_certificate_error(cause)
        case aiohttp.ClientConnectorSSLError():
            os_error: OSError = error.os_error
            return os_error
        case _:
            return OSError(str(error))


def _web_certificate_error(error: Exception) -> OSError:
    """Return an expired certificate's own error, and UntrustedProxy for any other one."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return UntrustedProxy(str(error))
    if obstacle_of(error).transient:
        return error
    return UntrustedProxy(f"its web certificate is not trusted ({error.verify_message})")


def _host_and_port(address: str) -> Sequence[str]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), port

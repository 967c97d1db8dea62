"""TLS routing: one port for all services, selected by the client's ALPN protocols.

The rules are those of lib/srv/alpnproxy. The router reads the ClientHello without accepting TLS,
goes through the client's protocols in the client's order, and takes the first known one.

A connection to the Auth Service is forwarded without terminating TLS, so the client's certificate
reaches the Auth Service. The protocol `teleport-auth@<cluster>` names the cluster, which is read
from the first entry only. The proxy terminates TLS for its own web server.

The bytes of the ClientHello must be sent first to the destination, because the router has consumed
them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from sandbox.teleport.credentials.server_name import API_DOMAIN
from sandbox.teleport.proxy.client_hello import ClientHello, NotTls, read_client_hello

AUTH_PREFIX = "teleport-auth@"
_WEB = ("h2", "http/1.1")
_CHUNK = 64 * 1024

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Destination = Callable[[], Awaitable[Streams]]


class Unroutable(Exception):
    """No service of the proxy matches the ClientHello."""


class Router:
    """Forwards connections to the Auth Service, or to the proxy's own web server."""

    def __init__(self, cluster: str, *, auth: Destination, web: Destination) -> None:
        self._cluster = cluster
        self._auth = auth
        self._web = web
        self._passing: set[asyncio.Task[None]] = set()
        self.passed_to_auth = 0

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self.route(reader, writer))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)

    async def close(self) -> None:
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def route(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        try:
            hello = await read_client_hello(reader)
            far_reader, far_writer = await self._destination(hello)()
            far_writer.write(hello.raw)
            await pump((reader, writer), (far_reader, far_writer))
        except (NotTls, Unroutable, OSError, asyncio.IncompleteReadError):
            pass  # the real proxy closes the connection, too
        finally:
            writer.close()

    def _destination(self, hello: ClientHello) -> Destination:
        for protocol in hello.protocols:
            if protocol.startswith(AUTH_PREFIX):
                if self._named_by(hello.protocols[0]) != self._cluster:
                    raise Unroutable
                self.passed_to_auth += 1
                return self._auth
            if protocol in _WEB:
                return self._web
        if not hello.protocols:
            return self._web
        raise Unroutable

    def _named_by(self, protocol: str) -> str:
        encoded, _, domain = protocol.removeprefix(AUTH_PREFIX).partition(".")
        if domain != API_DOMAIN or not protocol.startswith(AUTH_PREFIX):
            raise Unroutable
        with suppress(ValueError):
            return bytes.fromhex(encoded).decode()
        raise Unroutable


async def pump(one: Streams, other: Streams) -> None:
    """Copy in both directions until either side ends."""
    ways = {
        asyncio.create_task(_copy(one[0], other[1])),
        asyncio.create_task(_copy(other[0], one[1])),
    }
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        other[1].close()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()

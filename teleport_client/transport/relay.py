"""Takes gRPC's connections on a private socket and carries them to Auth.

gRPC's own TLS cannot name the protocol that Teleport's proxies route by, and keeps the certificate
that it was started with. So it connects without TLS to a socket that only this process can use, and
each of its connections is carried over TLS of ours, with the credentials of that moment.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

from teleport_client.credentials.identity import Credentials
from teleport_client.transport.connector import ConnectFailed, Connector
from teleport_client.transport.obstacle import Obstacle, obstacle_of
from teleport_client.transport.private_socket import PrivateSocket, private_socket
from teleport_client.transport.tls import TlsConnection, client_context

_CHUNK = 64 * 1024
_NOT_TAKEN = (
    "Auth ended the connection right after the handshake: most likely it does not take the bot's"
    " certificate, which may have ended, or be of an authority that was replaced"
)


class Relay:
    """`credentials` is asked at every connection."""

    def __init__(
        self,
        route: Connector,
        credentials: Callable[[], Credentials],
        socket: PrivateSocket | None = None,
    ) -> None:
        self._route = route
        self._credentials = credentials
        self._socket = socket or private_socket()
        self._server: asyncio.Server | None = None
        self._closed = False
        self._carrying: set[asyncio.Task[None]] = set()
        self._newest: set[asyncio.Task[None]] = set()
        """Connections that were made since the last call of `retire`."""
        self.problem = ""
        """Why the last connection could not be made."""
        self.obstacle: Obstacle | None = None
        """What kept it from Auth, if it did not get there."""

    @property
    def target(self) -> str:
        """What gRPC is to connect to."""
        return self._socket.target

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._accept, self._socket.path)

    async def close(self) -> None:
        """Cut what is carried, and leave nothing behind."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)
        self._socket.remove()

    def retire(self) -> Collection["asyncio.Task[None]"]:
        """Return the connections of the channel that is replaced now, to be `cut` later."""
        retired, self._newest = self._newest, set()
        return retired

    def cut(self, connections: Collection["asyncio.Task[None]"]) -> None:
        """Close connections. gRPC keeps them for as long as anything refers to an old call."""
        for task in connections:
            task.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closed or not self._socket.admits(writer):
            writer.close()
            return
        task = asyncio.create_task(self._take(reader, writer))
        self._carrying.add(task)
        self._newest.add(task)
        task.add_done_callback(self._ended)
        # Not in the task, which never begins if it is cancelled at once.
        task.add_done_callback(lambda _: writer.close())

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._carrying.discard(task)
        self._newest.discard(task)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of gRPC's. Where Auth cannot be reached it ends at once, and is remade."""
        connection = await self._connect()
        if connection is not None and not await _carry(reader, writer, connection):
            self.problem = _NOT_TAKEN

    async def _connect(self) -> TlsConnection | None:
        credentials = self._credentials()
        try:
            context = client_context(credentials)
            connection = await self._route.connect(context, credentials.cluster)
        except ConnectFailed as error:
            self.problem, self.obstacle = str(error), error.obstacle
            return None
        except OSError as error:
            self.problem, self.obstacle = f"no connection can be made ({error})", obstacle_of(error)
            return None
        self.problem, self.obstacle = "", None
        return connection


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: TlsConnection
) -> bool:
    """Copy both ways until either side ends. False if Auth ended it before it said anything."""
    heard = asyncio.Event()
    coming = asyncio.create_task(_copy_in(connection, writer, heard))
    ways = {asyncio.create_task(_copy_out(reader, connection)), coming}
    try:
        ended, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        with suppress(OSError):
            await connection.close()
        await asyncio.gather(*ways, return_exceptions=True)
    return heard.is_set() or coming not in ended


async def _copy_out(reader: asyncio.StreamReader, connection: TlsConnection) -> None:
    while data := await reader.read(_CHUNK):
        await connection.write(data)


async def _copy_in(
    connection: TlsConnection, writer: asyncio.StreamWriter, heard: asyncio.Event
) -> None:
    while data := await connection.read():
        heard.set()
        writer.write(data)
        await writer.drain()

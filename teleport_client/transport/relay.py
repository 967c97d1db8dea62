"""The relay between gRPC and the Auth Service: it adds TLS.

gRPC's own TLS can't set the ALPN protocol by which Teleport's proxies route, and it keeps the
certificate that the channel was created with. So gRPC connects without TLS to a private socket of
this process. For each of these connections the relay opens a TLS connection with the current
credentials and copies bytes in both directions until either side ends.

If the relay can't connect, it records the problem and closes gRPC's connection; gRPC retries with
backoff. gRPC sees only a closed connection, so errors take their text from `problem`. In TLS 1.3,
the server rejects a client certificate after the client's handshake has succeeded. This shows as a
connection that ends before its first byte.
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
_REJECTED = (
    "the Auth Service closed the connection after the handshake; it probably rejected the bot's"
    " certificate (expired, or signed by a rotated CA)"
)


class Relay:
    """Serves gRPC's connections; each one calls `credentials`."""

    def __init__(
        self,
        connector: Connector,
        credentials: Callable[[], Credentials],
        socket: PrivateSocket | None = None,
    ) -> None:
        self._connector = connector
        self._credentials = credentials
        self._socket = socket or private_socket()
        self._server: asyncio.Server | None = None
        self._closed = False
        self._open: set[asyncio.Task[None]] = set()
        self._newest: set[asyncio.Task[None]] = set()
        """Connections since the last call of `retire`."""
        self.problem = ""
        """Error of the last connection; empty if it succeeded."""
        self.obstacle: Obstacle | None = None
        """Kind of `problem`."""

    @property
    def target(self) -> str:
        """Address for gRPC."""
        return self._socket.target

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._accept, self._socket.path)

    async def close(self) -> None:
        """Close all connections and remove the socket."""
        self._closed = True
        try:
            if self._server is not None:
                await _stop_accepting(self._server)
        finally:
            self._socket.remove()
            for task in self._open:
                task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def retire(self) -> Collection["asyncio.Task[None]"]:
        """Return the connections of the channel that is being replaced, to `cut` them later."""
        retired, self._newest = self._newest, set()
        return retired

    def cut(self, connections: Collection["asyncio.Task[None]"]) -> None:
        """Close connections. gRPC keeps them while any object refers to an old call."""
        for task in connections:
            task.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closed or not self._socket.admits(writer):
            writer.close()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        self._newest.add(task)
        task.add_done_callback(self._forget)
        # Not in the task, which never starts if it is cancelled at once.
        task.add_done_callback(lambda _: writer.close())

    def _forget(self, task: "asyncio.Task[None]") -> None:
        self._open.discard(task)
        self._newest.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection. If the Auth Service can't be reached, end it: gRPC retries."""
        connection = await self._connect()
        if connection is not None and not await _copy(reader, writer, connection):
            self.problem = _REJECTED

    async def _connect(self) -> TlsConnection | None:
        credentials = self._credentials()
        try:
            context = client_context(credentials)
            connection = await self._connector.connect(context, credentials.cluster)
        except ConnectFailed as error:
            self.problem, self.obstacle = str(error), error.obstacle
            return None
        except OSError as error:
            self.problem, self.obstacle = f"can't connect ({error})", obstacle_of(error)
            return None
        self.problem, self.obstacle = "", None
        return connection


async def _stop_accepting(server: asyncio.Server) -> None:
    """Close `server` after the connections that it has just accepted have reached the relay.

    asyncio hands a connection over in the turn of its loop after it was accepted. If the server is
    closed by then, `Server._attach` fails, and asyncio drops the connection without closing it.
    """
    for listener in server.sockets:
        asyncio.get_running_loop().remove_reader(listener.fileno())
    try:
        await asyncio.sleep(0)
    finally:
        server.close()


async def _copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: TlsConnection
) -> bool:
    """Copy in both directions until either side ends.

    Return False if the Auth Service closed the connection before its first byte.
    """
    received = asyncio.Event()
    incoming = asyncio.create_task(_copy_in(connection, writer, received))
    tasks = {asyncio.create_task(_copy_out(reader, connection)), incoming}
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        with suppress(OSError):
            await connection.close()
        await asyncio.gather(*tasks, return_exceptions=True)
    return received.is_set() or incoming not in ended


async def _copy_out(reader: asyncio.StreamReader, connection: TlsConnection) -> None:
    while data := await reader.read(_CHUNK):
        await connection.write(data)


async def _copy_in(
    connection: TlsConnection, writer: asyncio.StreamWriter, received: asyncio.Event
) -> None:
    while data := await connection.read():
        received.set()
        writer.write(data)
        await writer.drain()

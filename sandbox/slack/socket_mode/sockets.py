"""The app's open sockets.

A connection needs a ticket from apps.connections.open. Slack accepts the WebSocket first and sends
`disconnect` afterwards if the app can't have another socket. Otherwise it sends `hello`; from then
on the socket can get envelopes.

Before a socket's life ends, Slack sends `disconnect` with reason `warning` and closes the socket
ten seconds later. In these seconds the app still acknowledges envelopes, and Slack uses the socket
only if the app has no other.
"""

import asyncio
import json
from collections.abc import Collection
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.slack.connection import cut
from sandbox.slack.control.faults import Faults, SocketFault
from sandbox.slack.socket_mode.acks import Acks
from sandbox.slack.socket_mode.tickets import Tickets
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.state import Workspace

_MOST_SOCKETS = 10
_LIFE = 18_060.0
_LIFE_FOR_DEBUGGING = 360.0
_GRACE = 10.0
"""Seconds between a `disconnect` message and the close."""
_PING_EVERY = 10.0
_HOST = "applink-sandbox"


class AppSocket:
    """One open connection of the app."""

    def __init__(self, request: web.Request, life: float) -> None:
        self.life = life
        self.leaving = False
        self._swallowed = False
        # An app that doesn't answer the close must not delay the stop.
        self.connection = web.WebSocketResponse(timeout=1.0)
        self._request = request

    async def accept(self) -> None:
        await self.connection.prepare(self._request)

    async def send(self, frame: JsonObject) -> None:
        if not self._swallowed:
            await self.connection.send_str(json.dumps(frame))

    async def disconnect(self, reason: str) -> None:
        """Send `disconnect`. The socket stays open for a while."""
        self.leaving = True
        with suppress(ConnectionError):
            await self.send({"type": "disconnect", "reason": reason, "debug_info": {"host": _HOST}})

    def cut(self) -> None:
        cut(self._request)

    def swallow(self) -> None:
        """Drop all frames in both directions, but keep the TCP connection open."""
        self._swallowed = True
        if self._request.transport is not None:
            self._request.transport.pause_reading()

    async def keep_alive(self) -> None:
        """Ping until the socket's life is nearly over, then disconnect and close it."""
        clock = asyncio.get_running_loop().time
        ends_at = clock() + self.life
        while not self.leaving and clock() < ends_at - _GRACE:
            await self._ping()
            await asyncio.sleep(min(_PING_EVERY, ends_at - _GRACE - clock()))
        if not self.leaving:
            await self.disconnect("warning")
        await asyncio.sleep(_GRACE)
        await self.connection.close()

    async def _ping(self) -> None:
        if self._swallowed:
            return
        # The reader of the socket notices the app's close.
        with suppress(ConnectionError):
            await self.connection.ping(f"Ping from {_HOST}".encode())


class Sockets:
    """Accepts connections, passes frames on, and picks the socket for an envelope."""

    def __init__(self, workspace: Workspace, tickets: Tickets, faults: Faults, acks: Acks) -> None:
        self._acks = acks
        self._workspace = workspace
        self._tickets = tickets
        self._faults = faults
        self._open: list[AppSocket] = []
        self._preferred: Collection[AppSocket] = ()
        self._seeing_off: set[asyncio.Task[None]] = set()
        faults.apply = self.apply

    @property
    def count(self) -> int:
        return len(self._open)

    @property
    def open(self) -> frozenset[AppSocket]:
        return frozenset(self._open)

    def prefer(self, sockets: Collection[AppSocket]) -> None:
        """Pick only these sockets from now on, while one of them is open."""
        self._preferred = sockets

    def pick(self) -> AppSocket | None:
        """Return a random socket. A socket after `disconnect` is used only if there is no other."""
        usable = [socket for socket in self._open if not socket.connection.closed]
        usable = [socket for socket in usable if socket in self._preferred] or usable
        staying = [socket for socket in usable if not socket.leaving]
        candidates = staying or usable
        if not candidates:
            return None
        return candidates[self._workspace.ids.one_of(len(candidates))]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection, from upgrade to close. Each attempt uses its ticket up."""
        ticket_is_good = self._tickets.take(request.query.get("ticket", ""))
        fault = self._faults.for_connection()
        if fault is not None and fault.kind == "refuse":
            return web.Response(status=503)
        if not ticket_is_good:
            return web.Response(status=404)
        debugging = request.query.get("debug_reconnects") == "true"
        socket = AppSocket(request, _LIFE_FOR_DEBUGGING if debugging else _LIFE)
        await socket.accept()
        if reason := self._reason_to_refuse():
            await socket.disconnect(reason)
            await socket.connection.close()
        else:
            await self._attend(socket, fault)
        return socket.connection

    def _reason_to_refuse(self) -> str:
        """Return the reason for an immediate `disconnect`, or an empty text.

        Slack accepts such a connection before it sends the reason.
        """
        if not self._workspace.app.socket_mode:
            return "link_disabled"
        return "too_many_websockets" if self.count >= _MOST_SOCKETS else ""

    def apply(self, fault: SocketFault) -> int:
        """Apply a fault to at most `times` open sockets. Return the number of hits."""
        met = self._open[: fault.times]
        for socket in met:
            self._apply_to(socket, fault)
        return len(met)

    async def close(self) -> None:
        """Close all sockets."""
        for task in self._seeing_off:
            task.cancel()
        await asyncio.gather(
            *(socket.connection.close(code=WSCloseCode.GOING_AWAY) for socket in self._open)
        )

    async def _attend(self, socket: AppSocket, fault: SocketFault | None) -> None:
        self._open.append(socket)
        try:
            await socket.send(self._hello(socket))
            self._workspace.changes.announce()
            if fault is not None:
                self._apply_to(socket, fault)
            await self._listen(socket)
        finally:
            self._open.remove(socket)
            self._workspace.changes.announce()

    async def _listen(self, socket: AppSocket) -> None:
        keeper = asyncio.create_task(socket.keep_alive())
        try:
            async for message in socket.connection:
                if message.type is WSMsgType.TEXT:
                    self._acks.take(socket, message.data)
        finally:
            keeper.cancel()

    def _apply_to(self, socket: AppSocket, fault: SocketFault) -> None:
        if fault.kind == "cut":
            socket.cut()
            return
        if fault.kind == "swallow":
            socket.swallow()
            return
        task = asyncio.create_task(socket.disconnect(fault.reason))
        self._seeing_off.add(task)
        task.add_done_callback(self._seeing_off.discard)

    def _hello(self, socket: AppSocket) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": self.count,
            "debug_info": {
                "host": _HOST,
                "build_number": 1,
                "approximate_connection_time": int(socket.life),
            },
            "connection_info": {"app_id": self._workspace.app.app_of_app_token},
        }

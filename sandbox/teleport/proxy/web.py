"""The proxy's web server, with the routes for clients other than browsers."""

import asyncio
from contextlib import suppress

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler

from sandbox.teleport.proxy.routing import Destination
from sandbox.teleport.state.cluster import Cluster

_PING_SECONDS = 0.2
"""Shorter than the real interval, so that a missing pong is noticed at once."""
_MISSED_PINGS = 5
_CHUNK = 64 * 1024


class Web:
    """Serves /webapi/find and /webapi/connectionupgrade (lib/web/conn_upgrade.go).

    `inner` accepts connections like the port with TLS routing, because an upgraded connection
    carries TLS again.
    """

    def __init__(self, cluster: Cluster, inner: Destination) -> None:
        self._cluster = cluster
        self._inner = inner
        self.upgrade_status = 101
        """Status of the response to an upgrade. Only 101 accepts it."""
        self.tls_routing = True
        """The field of /webapi/find that announces TLS routing."""
        self.redirect = ""
        """Target of a redirect of all requests, like a sign-on page, or None."""
        self._pongs = 0
        self._pong = asyncio.Condition()
        self.app = web.Application(middlewares=[self._redirect])
        self.app.router.add_get("/webapi/find", self._find)
        self.app.router.add_get("/webapi/connectionupgrade", self._upgrade)

    async def answered_pings(self, count: int) -> None:
        """Wait until the client has answered the given number of pings."""
        async with self._pong:
            await self._pong.wait_for(lambda: self._pongs >= count)

    @web.middleware
    async def _redirect(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.redirect:
            raise web.HTTPFound(self.redirect)
        return await handler(request)

    async def _find(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "cluster_name": self._cluster.name,
                "server_version": self._cluster.server_version,
                "proxy": {
                    "tls_routing_enabled": self.tls_routing,
                    "ssh": {"public_addr": self._cluster.proxy_public_address},
                },
            }
        )

    async def _upgrade(self, request: web.Request) -> web.StreamResponse:
        if self.upgrade_status != 101:  # noqa: PLR2004 - switching protocols
            return web.Response(status=self.upgrade_status)
        socket = web.WebSocketResponse(
            protocols=("alpn-ping", "alpn"), autoping=False, max_msg_size=0, compress=False
        )
        await socket.prepare(request)
        reader, writer = await self._inner()
        tasks = [asyncio.create_task(_copy_out(reader, socket))]
        answered = asyncio.Event()
        if socket.ws_protocol == "alpn-ping":
            tasks.append(asyncio.create_task(_ping(socket, answered)))
        try:
            async for message in socket:
                if message.type is WSMsgType.BINARY:
                    writer.write(message.data)
                    await writer.drain()
                elif message.type is WSMsgType.PONG:
                    answered.set()
                    async with self._pong:
                        self._pongs += 1
                        self._pong.notify_all()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.close()
        return socket


async def _copy_out(reader: asyncio.StreamReader, socket: web.WebSocketResponse) -> None:
    while data := await reader.read(_CHUNK):
        await socket.send_bytes(data)
    await socket.close()


async def _ping(socket: web.WebSocketResponse, answered: asyncio.Event) -> None:
    """Ping, and close the connection if the client doesn't answer."""
    missed = 0
    while missed < _MISSED_PINGS:
        answered.clear()
        await socket.ping(b"teleport")
        missed += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(_PING_SECONDS):
                await answered.wait()
            missed = 0
        await asyncio.sleep(_PING_SECONDS)
    await socket.close()

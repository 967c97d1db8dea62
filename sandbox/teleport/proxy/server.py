"""A proxy with a port for TLS routing, and another port behind a load balancer."""

import asyncio
import ssl
from pathlib import Path
from typing import Self

from aiohttp import web

from sandbox.teleport.credentials.authority import CertificateAuthority
from sandbox.teleport.proxy.routing import Router, Streams
from sandbox.teleport.proxy.web import Web
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import utc_now

_LOOPBACK = "127.0.0.1"


class ProxyStandIn:
    """A proxy for an Auth Service stand-in. Its own authority signs its web certificate."""

    def __init__(self, teleport: TeleportStandIn, data: Path) -> None:
        self._teleport = teleport
        self.web_authority = data / "web-authority.pem"
        """The authority that clients must trust, in place of a public web CA."""
        self.router = Router(teleport.cluster.name, auth=self._to_auth, web=self._to_web)
        self.web = Web(teleport.cluster, self._to_router)
        self._tls = _web_context(data, self.web_authority)
        self._runner = web.AppRunner(self.web.app, access_log=None)
        self._server: asyncio.Server | None = None
        self._port = self._web_port = 0

    @classmethod
    async def start(cls, teleport: TeleportStandIn, data: Path) -> Self:
        """Listen on free ports of this machine."""
        proxy = cls(teleport, data)
        proxy._server = await asyncio.start_server(proxy.router.accept, _LOOPBACK, 0)
        proxy._port = proxy._server.sockets[0].getsockname()[1]
        await proxy._runner.setup()
        site = web.TCPSite(proxy._runner, _LOOPBACK, 0, ssl_context=proxy._tls)
        await site.start()
        proxy._web_port = proxy._runner.addresses[0][1]
        return proxy

    @property
    def address(self) -> str:
        """Address of the port with TLS routing."""
        return f"{_LOOPBACK}:{self._port}"

    @property
    def behind_load_balancer(self) -> str:
        """Address of a load balancer that terminates TLS and forwards web requests."""
        return f"{_LOOPBACK}:{self._web_port}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        await self.router.close()
        await self._runner.cleanup()

    async def _to_auth(self) -> Streams:
        host, _, port = self._teleport.address.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def _to_web(self) -> Streams:
        return await asyncio.open_connection(_LOOPBACK, self._web_port)

    async def _to_router(self) -> Streams:
        return await asyncio.open_connection(_LOOPBACK, self._port)


def _web_context(data: Path, authority_path: Path) -> ssl.SSLContext:
    """Return a TLS context with a web certificate."""
    authority = CertificateAuthority.generate("web", utc_now())
    authority_path.write_bytes(authority.pem)
    pair = data / "web.pem"
    pair.write_bytes(b"".join(authority.server_pair("web", utc_now(), "*.teleport.invalid")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    context.set_alpn_protocols(["http/1.1"])
    return context

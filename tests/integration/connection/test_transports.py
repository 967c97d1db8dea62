"""WebSocket frames that carry TLS through a load balancer, and upgrades that fail."""

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from sandbox.teleport.credentials.authority import CertificateAuthority
from sandbox.teleport.timestamps import utc_now
from teleport_client.transport.obstacle import NotTeleport, UntrustedProxy
from teleport_client.transport.transports import WebSocketTransport

Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, 1.3."""
_MASKED = 0x80
_RESERVED_OPCODE = b"\x8b\x00"
"""A frame of a type that doesn't exist (RFC 6455, 5.2)."""


class WebServer:
    """A proxy on this machine. Its certificate is trusted if `trust` was called."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._authority = CertificateAuthority.generate("web", utc_now())
        self._folder = folder
        self._monkeypatch = monkeypatch

    def trust(self) -> None:
        path = self._folder / "authority.pem"
        path.write_bytes(self._authority.pem)
        self._monkeypatch.setenv("SSL_CERT_FILE", str(path))

    @asynccontextmanager
    async def run(self, serve: Serve, *, valid_in: timedelta = timedelta()) -> AsyncIterator[str]:
        """Yield the address of a server whose certificate becomes valid in that time."""
        path = self._folder / "web.pem"
        pair = self._authority.server_pair("web", utc_now() + valid_in, "*.teleport.invalid")
        path.write_bytes(b"".join(pair))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(path)
        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebServer:
    return WebServer(tmp_path, monkeypatch)


async def test_frames_are_readable_by_proxies_that_do_not_unmask_them(web: WebServer) -> None:
    """Teleport's own clients send a zero mask. RFC 6455 requires a mask."""
    received: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _upgrade(reader, writer)
        received.set_result(await _frame_as_it_is(reader))
        writer.close()

    web.trust()
    async with web.run(proxy) as address:
        carrier = await WebSocketTransport.connect(address)
        await carrier.write(b"a hello of TLS")
        assert await received == (_MASKED, b"a hello of TLS")
        await carrier.close()


async def test_malformed_frame_ends_the_connection_with_its_reason(web: WebServer) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _upgrade(reader, writer)
        writer.write(_RESERVED_OPCODE)

    web.trust()
    async with web.run(proxy) as address:
        carrier = await WebSocketTransport.connect(address)
        with pytest.raises(OSError, match="opcode"):
            await carrier.read()
        await carrier.close()


async def test_upgrade_to_another_protocol_is_rejected(web: WebServer) -> None:
    """A server that speaks WebSocket isn't necessarily Teleport."""

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _upgrade(reader, writer, protocol=False)
        await reader.read()
        writer.close()

    web.trust()
    async with web.run(other) as address:
        with pytest.raises(NotTeleport, match="isn't a Teleport connection"):
            await WebSocketTransport.connect(address)


@pytest.mark.parametrize(("status", "transient"), [(404, False), (503, True)])
async def test_refused_upgrade_states_the_status(
    web: WebServer, status: int, transient: bool
) -> None:
    """A load balancer returns 503 while no proxy of Teleport runs."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())

    web.trust()
    async with web.run(refuse) as address:
        with pytest.raises(NotTeleport, match=f"status {status}") as refused:
            await WebSocketTransport.connect(address)
    assert refused.value.transient is transient


async def test_unknown_authority_of_a_proxy_is_named_as_the_cause(web: WebServer) -> None:
    async with web.run(_close) as address:
        with pytest.raises(UntrustedProxy, match="its web certificate is not trusted"):
            await WebSocketTransport.connect(address)


async def test_certificate_that_is_not_valid_yet_can_be_the_clocks_fault(web: WebServer) -> None:
    """The error names this cause, and a later attempt can succeed."""
    web.trust()
    async with web.run(_close, valid_in=timedelta(days=1)) as address:
        with pytest.raises(ssl.SSLCertVerificationError, match="not yet valid"):
            await WebSocketTransport.connect(address)


async def test_server_without_tls_is_recognized() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(ssl.SSLError, match="WRONG_VERSION_NUMBER"):
            await WebSocketTransport.connect(address)


async def _close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _upgrade(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, protocol: bool = True
) -> None:
    """Accept the upgrade, with the requested protocol or without one."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
    key = headers["Sec-WebSocket-Key"] + _ACCEPT_SUFFIX
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()  # noqa: S324 - RFC
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
    ]
    if protocol:
        lines.append(f"Sec-WebSocket-Protocol: {headers['Sec-WebSocket-Protocol']}")
    writer.write("\r\n".join([*lines, "", ""]).encode())


async def _frame_as_it_is(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the mask bit and the payload of a short frame, without unmasking it."""
    _, length = await reader.readexactly(2)
    await reader.readexactly(4)
    return length & _MASKED, await reader.readexactly(length & ~_MASKED)

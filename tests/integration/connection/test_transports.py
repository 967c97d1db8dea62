"""WebSocket frames that carry TLS through a load balancer."""

import asyncio
import base64
import hashlib
import ssl
from pathlib import Path

import pytest

from sandbox.teleport.credentials.authority import CertificateAuthority
from sandbox.teleport.timestamps import utc_now
from teleport_client.transport.transports import WebSocketTransport

_ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, 1.3."""
_MASKED = 0x80


async def test_frames_are_readable_by_proxies_that_do_not_unmask_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Teleport's own clients send a zero mask. RFC 6455 requires a mask."""
    authority = CertificateAuthority.generate("web", utc_now())
    (tmp_path / "web.pem").write_bytes(
        b"".join(authority.server_pair("web", utc_now(), "*.teleport.invalid"))
    )
    (tmp_path / "authority.pem").write_bytes(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "web.pem")
    received: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _upgrade(reader, writer)
        received.set_result(await _frame_as_it_is(reader))
        writer.close()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        carrier = await WebSocketTransport.connect(f"127.0.0.1:{port}")
        await carrier.write(b"a hello of TLS")
        assert await received == (_MASKED, b"a hello of TLS")
        await carrier.close()


async def _upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
    key = headers["Sec-WebSocket-Key"] + _ACCEPT_SUFFIX
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()  # noqa: S324 - RFC
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
        f"Sec-WebSocket-Protocol: {headers['Sec-WebSocket-Protocol']}",
    )
    writer.write("\r\n".join([*lines, "", ""]).encode())


async def _frame_as_it_is(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the mask bit and the payload of a short frame, without unmasking it."""
    _, length = await reader.readexactly(2)
    await reader.readexactly(4)
    return length & _MASKED, await reader.readexactly(length & ~_MASKED)

"""TLS with the Auth Service: key types, ALPN and certificates."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox.teleport.credentials.authority import Authority
from sandbox.teleport.credentials.identity import Identity
from teleport_client.credentials.identity import Credentials
from teleport_client.transport.tls import TlsConnection, client_context
from teleport_client.transport.transports import TcpTransport
from tests.patience import PATIENCE_SECONDS

NOW = datetime.now(UTC)
AUTHORITY = Authority.generate("main", NOW)
KEYS: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey] = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "ec": ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}


def credentials(kind: str) -> Credentials:
    key, until = KEYS[kind], NOW + timedelta(hours=1)
    who = Identity("bot-x", ("r",), "main", until)
    return Credentials(
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate_pem=AUTHORITY.tls_certificate(who, key.public_key(), NOW),
        trusted_pem=AUTHORITY.host.pem,
        user="bot-x",
        cluster="main",
        expires=until,
        lifetime=timedelta(hours=1),
    )


@dataclass
class Seen:
    certificates: int = 0
    protocol: str | None = None


@asynccontextmanager
async def server(folder: Path, *protocols: str) -> AsyncIterator[tuple[str, Seen]]:
    """Run a server that echoes its input, and yield the properties of its client."""
    pair = folder / "server.pem"
    pair.write_bytes(b"".join(AUTHORITY.host_certificate(NOW)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    context.load_verify_locations(cadata=AUTHORITY.user.pem.decode())
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(list(protocols))
    seen, ended = Seen(), asyncio.Event()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        seen.certificates = len(tls._sslobj.get_unverified_chain())
        seen.protocol = tls.selected_alpn_protocol()
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
        ended.set()

    listening = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    yield f"127.0.0.1:{port}", seen
    await ended.wait()
    listening.close()


async def connect(address: str, kind: str) -> TlsConnection:
    context = client_context(credentials(kind))
    connection = TlsConnection(await TcpTransport.connect(address), context, "main")
    try:
        await connection.handshake()
    except ssl.SSLError:
        await connection.close()
        raise
    return connection


@pytest.mark.parametrize("kind", list(KEYS))
async def test_every_key_type_connects(tmp_path: Path, kind: str) -> None:
    """The client sends one certificate and negotiates h2. The bytes come back unchanged."""
    sent = b"0123456789" * 300_000
    async with server(tmp_path, "h2") as (address, seen):
        connection = await connect(address, kind)
        sending = asyncio.create_task(connection.write(sent))
        received = b""
        while len(received) < len(sent):
            received += await connection.read()
        await sending
        await connection.close()
    assert received == sent
    assert (seen.certificates, seen.protocol) == (1, "h2")


async def test_writing_does_not_block_reading(tmp_path: Path) -> None:
    """The other end may read again only after its responses are consumed."""
    pieces, piece = 300, b"0123456789abcdef" * 4096
    async with server(tmp_path, "h2") as (address, _):
        connection = await connect(address, "ec")

        async def write() -> None:
            for _ in range(pieces):
                await connection.write(piece)

        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
            tasks.create_task(write())
            left = pieces * len(piece)
            while left:
                left -= len(await connection.read())
        await connection.close()


async def test_server_without_http2_is_rejected(tmp_path: Path) -> None:
    """It has a certificate of the cluster, but it isn't the Auth Service."""
    async with server(tmp_path, "http/1.1") as (address, _):
        with pytest.raises(ssl.SSLError, match="doesn't support HTTP/2"):
            await connect(address, "ec")

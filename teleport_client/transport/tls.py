"""TLS to the Auth Service, over any transport.

The client offers two ALPN protocols. A proxy with TLS routing reads the cluster from the first one
and forwards the bytes unchanged; the Auth Service chooses the second one. So the same ClientHello
works for both. The transport, a TCP connection or WebSocket messages through a load balancer, sees
only TLS records.

asyncio offers TLS only over its own transports, so this module drives the memory BIOs of `ssl`.
Reads and writes run in different tasks, and either one can produce TLS records to send. A lock
keeps the records in order.
"""

import asyncio
import ssl
from typing import Protocol

from teleport_client.credentials.identity import Credentials
from teleport_client.credentials.secret_file import secret_file

_HTTP2 = "h2"
_CHUNK = 64 * 1024


class Transport(Protocol):
    """An ordered stream of bytes in both directions."""

    async def read(self) -> bytes:
        """Return the next bytes; none at the end. Raises OSError."""

    async def write(self, data: bytes) -> None:
        """Raises OSError."""

    async def close(self) -> None: ...


def server_name(cluster: str) -> str:
    """Return the server name, which Auth Service certificates cover by wildcard.

    It contains the cluster's name in lower-case hex (api/utils/cluster.go). A server of several
    clusters reads it to choose the CAs that verify the client.
    """
    return f"{cluster.encode().hex()}.teleport.cluster.local"


def client_context(credentials: Credentials) -> ssl.SSLContext:
    """Return a context that trusts only the identity's CAs and presents its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=credentials.trusted_pem.decode())
    with secret_file(credentials.key_pem + credentials.certificate_pem) as path:
        context.load_cert_chain(path)
    context.set_alpn_protocols(_protocols(credentials.cluster))
    return context


def unverified_context(cluster: str) -> ssl.SSLContext:
    """Return a context that accepts any certificate and presents none, for diagnosis."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(_protocols(cluster))
    return context


def _protocols(cluster: str) -> list[str]:
    """Return both protocols; proxies route by the first (lib/srv/alpnproxy/auth/auth_proxy.go)."""
    return [f"teleport-auth@{server_name(cluster)}", _HTTP2]


class TlsConnection:
    """A TLS client on a transport. One task can read while another writes."""

    def __init__(self, transport: Transport, context: ssl.SSLContext, cluster: str) -> None:
        self._transport = transport
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        # As bytes: text is encoded by IDNA, which rejects labels over 63 characters, and so cluster
        # names from 32 bytes on.
        name: str = server_name(cluster).encode()  # type: ignore[assignment]
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._sending = asyncio.Lock()

    async def handshake(self) -> None:
        """Raises ssl.SSLError, and OSError from the transport."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                await self._flush()  # sends the alert
                raise
            else:
                break
        await self._flush()
        if self._tls.selected_alpn_protocol() != _HTTP2:
            raise ssl.SSLError("the server doesn't support HTTP/2")

    def peer_certificate(self) -> bytes:
        """Return the server's certificate as DER; empty if the handshake didn't get that far."""
        try:
            return self._tls.getpeercert(binary_form=True) or b""
        except ValueError:
            return b""

    async def read(self) -> bytes:
        """Return the next bytes; none at the end. Raises OSError, ssl.SSLError."""
        while True:
            try:
                return self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                # Don't wait for a writer: it can wait for the server, which can wait for this read.
                if self._outgoing.pending and not self._sending.locked():
                    await self._flush()
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def write(self, data: bytes) -> None:
        """Raises OSError, ssl.SSLError."""
        self._tls.write(data)
        await self._flush()

    async def close(self) -> None:
        await self._transport.close()

    async def _fill(self) -> None:
        data = await self._transport.read()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        async with self._sending:
            if data := self._outgoing.read():
                await self._transport.write(data)

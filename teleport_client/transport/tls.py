"""TLS to Teleport's Auth Service, over any carrier of bytes.

The same hello is understood by Auth itself and by a proxy with TLS routing: the proxy reads from
the first protocol which cluster is meant and forwards the bytes untouched, Auth takes the second.
What carries the bytes - a TCP connection, or WebSocket messages through a load balancer - does not
matter here, and neither sees anything but TLS.
"""

import asyncio
import ssl
from typing import Protocol

from teleport_client.credentials.identity import Credentials
from teleport_client.credentials.secret_file import secret_file

_HTTP2 = "h2"
_CHUNK = 64 * 1024


class Transport(Protocol):
    """Carries bytes to the other end and back, in order."""

    async def read(self) -> bytes:
        """Wait for the next bytes; none at the end. Raises OSError."""

    async def write(self, data: bytes) -> None:
        """Raises OSError."""

    async def close(self) -> None: ...


def server_name(cluster: str) -> str:
    """The name that Auth's certificate covers by wildcard (api/utils/cluster.go).

    It carries the cluster in lower-case hex, by which a server that knows several clusters
    picks the authorities to check us against.
    """
    return f"{cluster.encode().hex()}.teleport.cluster.local"


def client_context(credentials: Credentials) -> ssl.SSLContext:
    """Trust the identity's own authorities alone, and show its one certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=credentials.trusted_pem.decode())
    with secret_file(credentials.key_pem + credentials.certificate_pem) as path:
        context.load_cert_chain(path)
    context.set_alpn_protocols(_protocols(credentials.cluster))
    return context


def unverified_context(cluster: str) -> ssl.SSLContext:
    """Accept any certificate and show none, to look at what a server presents."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(_protocols(cluster))
    return context


def _protocols(cluster: str) -> list[str]:
    """List first the one that a proxy routes by (lib/srv/alpnproxy/auth/auth_proxy.go)."""
    return [f"teleport-auth@{server_name(cluster)}", _HTTP2]


class TlsConnection:
    """A TLS client on a carrier. One task may read while another writes."""

    def __init__(self, carrier: Transport, context: ssl.SSLContext, cluster: str) -> None:
        self._carrier = carrier
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        # As bytes: text goes through IDNA, which refuses labels of more than 63 characters, and so
        # cluster names of 32 bytes and more.
        name: str = server_name(cluster).encode()  # type: ignore[assignment]
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._sending = asyncio.Lock()

    async def handshake(self) -> None:
        """Raises ssl.SSLError, and OSError as the carrier does."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                await self._flush()  # the alert says why
                raise
            else:
                break
        await self._flush()
        if self._tls.selected_alpn_protocol() != _HTTP2:
            raise ssl.SSLError("the server does not speak HTTP/2")

    def peer_certificate(self) -> bytes:
        """Return the server's certificate as DER; empty if the handshake didn't get that far."""
        try:
            return self._tls.getpeercert(binary_form=True) or b""
        except ValueError:
            return b""

    async def read(self) -> bytes:
        """Wait for the next bytes; none at the end. Raises OSError, ssl.SSLError."""
        while True:
            try:
                return self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                # Whoever writes may wait for the other end to read, which may wait for us to.
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
        await self._carrier.close()

    async def _fill(self) -> None:
        data = await self._carrier.read()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        async with self._sending:
            if data := self._outgoing.read():
                await self._carrier.write(data)

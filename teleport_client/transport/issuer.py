"""The issuer of a server's certificate, to explain why it can't be verified."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

from teleport_client.transport.tls import TlsConnection, unverified_context
from teleport_client.transport.transports import TcpTransport

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Issuer:
    name: str
    is_teleport: bool
    """Teleport's own authorities have the cluster's name as organization and as common name
    (GenerateSelfSignedCA in lib/tlsca/ca.go)."""


async def issuer_at(address: str, cluster: str) -> Issuer | None:
    """Return the issuer of the certificate at `host:port`, or None. Sends no credentials."""
    with suppress(OSError, ValueError, TimeoutError):
        async with asyncio.timeout(_SECONDS):
            return await _issuer_at(address, cluster)
    return None


async def _issuer_at(address: str, cluster: str) -> Issuer | None:
    connection = TlsConnection(
        await TcpTransport.connect(address), unverified_context(cluster), cluster
    )
    try:
        # If the server doesn't choose HTTP/2, the handshake fails after the certificate.
        with suppress(ssl.SSLError):
            await connection.handshake()
        presented = connection.peer_certificate()
    finally:
        await connection.close()
    return _issuer(x509.load_der_x509_certificate(presented)) if presented else None


def _issuer(certificate: x509.Certificate) -> Issuer:
    organization, common_name = (
        next((str(each.value) for each in certificate.issuer.get_attributes_for_oid(oid)), "")
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    )
    name = common_name or organization
    return Issuer(name, is_teleport=bool(name) and organization == common_name)

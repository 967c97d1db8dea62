"""The bot's credentials, read from an identity file or from the three files of a TLS key pair.

An identity file (`tctl auth sign --format=file`, or tbot's `identity`) contains, in this order, a
private key, an SSH certificate line, a TLS certificate, `@cert-authority` lines, and the CAs to
trust. The position of a PEM block shows its purpose, not its label, because Teleport has written
wrong labels (api/identityfile/identityfile.go).

The CAs include the User CA, which signed the bot's own certificate. OpenSSL sends a trusted issuer
along with the certificate, and Teleport rejects a client that sends more than one certificate. So
the User CA is removed; the Host CA verifies the servers.
"""

import binascii
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    load_ssh_private_key,
)
from cryptography.x509.oid import NameOID, ObjectIdentifier

TELEPORT_CLUSTER = ObjectIdentifier("1.3.9999.1.7")
"""Subject attribute with the cluster's name (lib/tlsca/ca.go)."""

_PEM = re.compile(
    rb"-----BEGIN (?P<label>[A-Z0-9 ]+)-----\r?\n(?:(?!-----).)*+-----END (?P=label)-----",
    re.DOTALL,
)
"""The body ends at the next five dashes, so a scan takes linear time."""


class CredentialsError(Exception):
    """Unusable credentials. `str()` is the problem with the file name, and then the hint."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(f"{problem} {hint}".rstrip())
        self.problem = problem
        self.hint = hint


@dataclass(frozen=True)
class Credentials:
    """A client key, its certificate, the CAs to trust, and the certificate's subject."""

    key_pem: bytes = field(repr=False)
    certificate_pem: bytes = field(repr=False)
    """Only the leaf: Teleport rejects a client that sends more than one certificate."""
    trusted_pem: bytes = field(repr=False)
    user: str
    cluster: str
    expires: datetime
    """Aware, UTC."""
    lifetime: timedelta
    """From the certificate's start to its end. Teleport sets the start to a minute ago."""
    roles: tuple[str, ...] = ()
    """Roles of the certificate (the subject's organizations, lib/tlsca/ca.go). Teleport checks
    these; the user of a Machine ID bot has other roles."""


def load_identity_file(path: Path, now: datetime) -> Credentials:
    """Return the credentials of an identity file. Raises CredentialsError."""
    content = _read(path, "identity file")
    if content.count(b"-----BEGIN ") != content.count(b"-----END "):
        raise _incomplete(path)
    blocks = [match.group(0) for match in _PEM.finditer(content)]
    if len(blocks) < 3:  # noqa: PLR2004 - key, certificate and at least one authority
        raise _incomplete(path)
    key, leaf, *authorities = blocks
    return _credentials(key, leaf, authorities, now, key_file=path, cert_file=path, ca_file=path)


def load_key_pair(certificate: Path, key: Path, authorities: Path, now: datetime) -> Credentials:
    """Return the credentials of `tctl auth sign --format=tls`. Raises CredentialsError."""
    key_pem = _first_block(key, "client key")
    leaf_pem = _first_block(certificate, "client certificate")
    trusted = [m.group(0) for m in _PEM.finditer(_read(authorities, "root CA file"))]
    if not trusted:
        raise CredentialsError(
            f"The root CA file {authorities} contains no certificate.",
            "Recreate it with `tctl auth sign --format=tls`.",
        )
    return _credentials(
        key_pem, leaf_pem, trusted, now, key_file=key, cert_file=certificate, ca_file=authorities
    )


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CredentialsError(
            f"Can't read the {name} {path} ({error.strerror}).", _unreadable_hint(error)
        ) from error


def _unreadable_hint(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"Let the user that the bot runs as (uid {os.geteuid()}) read it."
    if isinstance(error, IsADirectoryError):
        return "Name the file in this folder; tbot calls it `identity`."
    return "Check the path, and whether tbot or `tctl auth sign` has written the file."


def _first_block(path: Path, name: str) -> bytes:
    match = _PEM.search(_read(path, name))
    if match is None:
        raise CredentialsError(
            f"The {name} {path} contains no PEM block.",
            "Recreate it with `tctl auth sign --format=tls`.",
        )
    return match.group(0)


def _incomplete(path: Path) -> CredentialsError:
    return CredentialsError(
        f"The identity file {path} is incomplete: it needs a key, a certificate and at least one"
        " authority.",
        "Recreate it with `tctl auth sign --format=file`, or wait for tbot to finish writing.",
    )


def _credentials(
    key_pem: bytes,
    leaf_pem: bytes,
    authorities: Sequence[bytes],
    now: datetime,
    *,
    key_file: Path,
    cert_file: Path,
    ca_file: Path,
) -> Credentials:
    try:
        return _parse(
            key_pem, leaf_pem, authorities, now,
            key_file=key_file, cert_file=cert_file, ca_file=ca_file,
        )  # fmt: skip
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # x509 parses lazily: parts of a certificate raise these errors when they are read.
        raise CredentialsError(
            f"A key or certificate in {cert_file} is corrupt.",
            "Recreate it with `tctl auth sign`, or wait for tbot to write it.",
        ) from error


def _parse(
    key_pem: bytes,
    leaf_pem: bytes,
    authorities: Sequence[bytes],
    now: datetime,
    *,
    key_file: Path,
    cert_file: Path,
    ca_file: Path,
) -> Credentials:
    key = _load_key(key_pem, key_file)
    leaf = _load_certificate(leaf_pem, cert_file)
    trusted = [each for each in authorities if not _issued(_load_certificate(each, ca_file), leaf)]
    if not trusted:
        raise CredentialsError(
            f"{ca_file} contains only the User CA, and no Host CA to verify Teleport's servers.",
            "Recreate it with `tctl auth sign`.",
        )
    if _public_bytes(key.public_key()) != _public_bytes(leaf.public_key()):
        raise CredentialsError(
            f"The key in {key_file} doesn't match the certificate in {cert_file}.",
            "Recreate both together.",
        )
    if leaf.not_valid_after_utc <= now:
        raise CredentialsError(
            f"The certificate in {cert_file} expired at {leaf.not_valid_after_utc:%Y-%m-%d %H:%M}"
            " UTC.",
            "Sign a new one with `tctl auth sign`, or let tbot renew it.",
        )
    return Credentials(
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate_pem=leaf.public_bytes(Encoding.PEM),
        trusted_pem=b"\n".join(trusted) + b"\n",
        user=_one(leaf.subject, NameOID.COMMON_NAME) or "",
        cluster=_cluster(leaf, cert_file),
        expires=leaf.not_valid_after_utc,
        lifetime=leaf.not_valid_after_utc - leaf.not_valid_before_utc,
        roles=_all(leaf.subject, NameOID.ORGANIZATION_NAME),
    )


def _load_key(pem: bytes, path: Path) -> PrivateKeyTypes:
    """Return the key. Its label doesn't count: Teleport has written PKCS#8 labeled as PKCS#1."""
    if b"PIV YUBIKEY" in pem:
        raise CredentialsError(
            f"The key in {path} is stored on a hardware token, which only tsh and tctl can use.",
            "Sign an identity for the bot with `tctl auth sign`, or use tbot.",
        )
    try:
        if b"BEGIN OPENSSH" in pem:
            return load_ssh_private_key(pem, password=None)
        try:
            return load_pem_private_key(pem, password=None)
        except ValueError:
            body = b"".join(pem.splitlines()[1:-1])
            return load_der_private_key(binascii.a2b_base64(body), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CredentialsError(
            f"Can't read the private key in {path}.",
            "Recreate the file with `tctl auth sign`.",
        ) from error


def _load_certificate(pem: bytes, path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CredentialsError(
            f"Can't read a certificate in {path}.",
            "Recreate the file with `tctl auth sign`.",
        ) from error


def _issued(authority: x509.Certificate, leaf: x509.Certificate) -> bool:
    """Return whether the authority issued the leaf, as only the User CA did."""
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _public_bytes(key: object) -> bytes:
    serialised: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return serialised


def _cluster(leaf: x509.Certificate, path: Path) -> str:
    """Return the subject's attribute, or else the issuer's organization, as the server does."""
    cluster = _one(leaf.subject, TELEPORT_CLUSTER) or _one(leaf.issuer, NameOID.ORGANIZATION_NAME)
    if not cluster:
        raise CredentialsError(
            f"The certificate in {path} has no Teleport cluster name, so Teleport didn't sign it.",
            "Use `tctl auth sign` or tbot.",
        )
    return cluster


def _one(name: x509.Name, oid: ObjectIdentifier) -> str | None:
    return next(iter(_all(name, oid)), None)


def _all(name: x509.Name, oid: ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(each.value) for each in name.get_attributes_for_oid(oid))

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
    rb"-----BEGIN (?P<label>[A-Z0-9 ]+)-----\r?\n(?:(?!-----).)*-----END (?P=label)-----",
    re.DOTALL,
)
"""The body ends at the next five dashes, so a scan takes linear time. A possessive quantifier would
match nothing with the Python 3.11.2 of Debian 12 (github.com/python/cpython/issues/100061)."""


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


@dataclass(frozen=True, slots=True)
class _Part:
    """A PEM block and the file that contains it."""

    pem: bytes = field(repr=False)
    file: Path


def load_identity_file(path: Path, now: datetime) -> Credentials:
    """Return the credentials of an identity file. Raises CredentialsError."""
    content = _read(path, "identity file")
    if content.count(b"-----BEGIN ") != content.count(b"-----END "):
        raise _incomplete(path)
    blocks = [match.group(0) for match in _PEM.finditer(content)]
    if len(blocks) < 3:  # noqa: PLR2004 - key, certificate and at least one authority
        raise _incomplete(path)
    key, leaf, *authorities = (_Part(block, path) for block in blocks)
    return _credentials(key, leaf, authorities, now)


def load_key_pair(certificate: Path, key: Path, authorities: Path, now: datetime) -> Credentials:
    """Return the credentials of `tctl auth sign --format=tls`. Raises CredentialsError."""
    key_part = _first_block(key, "client key")
    leaf = _first_block(certificate, "client certificate")
    blocks = _PEM.finditer(_read(authorities, "root CA file"))
    trusted = [_Part(block.group(0), authorities) for block in blocks]
    if not trusted:
        raise CredentialsError(
            f"The root CA file {authorities} contains no certificate.",
            "Recreate it with `tctl auth sign --format=tls`.",
        )
    return _credentials(key_part, leaf, trusted, now)


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


def _first_block(path: Path, name: str) -> _Part:
    match = _PEM.search(_read(path, name))
    if match is None:
        raise CredentialsError(
            f"The {name} {path} contains no PEM block.",
            "Recreate it with `tctl auth sign --format=tls`.",
        )
    return _Part(match.group(0), path)


def _incomplete(path: Path) -> CredentialsError:
    return CredentialsError(
        f"The identity file {path} is incomplete: it needs a key, a certificate and at least one"
        " authority.",
        "Recreate it with `tctl auth sign --format=file`, or wait for tbot to finish writing.",
    )


def _credentials(
    key: _Part, certificate: _Part, authorities: Sequence[_Part], now: datetime
) -> Credentials:
    try:
        return _parse(key, certificate, authorities, now)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # x509 parses lazily: parts of a certificate raise these errors when they are read.
        raise CredentialsError(
            f"A key or certificate in {certificate.file} is corrupt.",
            "Recreate it with `tctl auth sign`, or wait for tbot to write it.",
        ) from error


def _parse(
    key_part: _Part, certificate: _Part, authorities: Sequence[_Part], now: datetime
) -> Credentials:
    key, leaf = _load_key(key_part), _load_certificate(certificate)
    trusted = _without_user_ca(authorities, leaf)
    _check_pair(key, key_part, leaf, certificate)
    _check_expiry(leaf, certificate, now)
    return Credentials(
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate_pem=leaf.public_bytes(Encoding.PEM),
        trusted_pem=b"\n".join(trusted) + b"\n",
        user=_one(leaf.subject, NameOID.COMMON_NAME) or "",
        cluster=_cluster(leaf, certificate.file),
        expires=leaf.not_valid_after_utc,
        lifetime=leaf.not_valid_after_utc - leaf.not_valid_before_utc,
        roles=_all(leaf.subject, NameOID.ORGANIZATION_NAME),
    )


def _without_user_ca(authorities: Sequence[_Part], leaf: x509.Certificate) -> list[bytes]:
    """Return the CAs that didn't issue the leaf, so the Host CA."""
    trusted = [each.pem for each in authorities if not _has_issued(_load_certificate(each), leaf)]
    if trusted:
        return trusted
    raise CredentialsError(
        f"{authorities[0].file} contains only the User CA, and no Host CA to verify Teleport's"
        " servers.",
        "Recreate it with `tctl auth sign`.",
    )


def _check_pair(
    key: PrivateKeyTypes, key_part: _Part, leaf: x509.Certificate, certificate: _Part
) -> None:
    if _public_bytes(key.public_key()) != _public_bytes(leaf.public_key()):
        raise CredentialsError(
            f"The key in {key_part.file} doesn't match the certificate in {certificate.file}.",
            "Recreate both together.",
        )


def _check_expiry(leaf: x509.Certificate, certificate: _Part, now: datetime) -> None:
    end = leaf.not_valid_after_utc
    if end <= now:
        raise CredentialsError(
            f"The certificate in {certificate.file} expired at {end:%Y-%m-%d %H:%M} UTC.",
            "Sign a new one with `tctl auth sign`, or let tbot renew it.",
        )


def _load_key(part: _Part) -> PrivateKeyTypes:
    """Return the key. Its label doesn't count: Teleport has written PKCS#8 labeled as PKCS#1."""
    pem = part.pem
    if b"PIV YUBIKEY" in pem:
        raise CredentialsError(
            f"The key in {part.file} is stored on a hardware token, which only tsh and tctl use.",
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
            f"Can't read the private key in {part.file}.",
            "Recreate the file with `tctl auth sign`.",
        ) from error


def _load_certificate(part: _Part) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(part.pem)
    except ValueError as error:
        raise CredentialsError(
            f"Can't read a certificate in {part.file}.",
            "Recreate the file with `tctl auth sign`.",
        ) from error


def _has_issued(authority: x509.Certificate, leaf: x509.Certificate) -> bool:
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

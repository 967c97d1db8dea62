"""The bot's own credentials: who it is to Teleport, read from files.

An identity file (`tctl auth sign --format=file`, or tbot's `identity`) holds, in this order, one
private key, one SSH certificate line, one TLS certificate, `@cert-authority` lines, and the CAs to
trust. PEM blocks are told apart by position, not by label (api/identityfile/identityfile.go).
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
"""The body ends at the next five dashes, whatever follows them, so a scan takes linear time."""


class CredentialsError(Exception):
    """Credentials that cannot be used. `str()` names the file, then what to do, which is `hint`."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(f"{problem} {hint}".rstrip())
        self.problem = problem
        self.hint = hint


@dataclass(frozen=True)
class Credentials:
    """One client key and certificate, the authorities to trust, and what they say of us."""

    key_pem: bytes = field(repr=False)
    certificate_pem: bytes = field(repr=False)
    """The leaf alone: Teleport refuses a client that sends more than one certificate."""
    trusted_pem: bytes = field(repr=False)
    user: str
    cluster: str
    expires: datetime
    """Aware, UTC."""
    lifetime: timedelta
    """From the certificate's start to its end. Teleport sets the start a minute back."""
    roles: tuple[str, ...] = ()
    """What the certificate gives, which with Machine ID is not what its user holds: Teleport goes
    by these (the subject's organizations, lib/tlsca/ca.go)."""


def load_identity_file(path: Path, now: datetime) -> Credentials:
    """Read an identity file whole. Raises CredentialsError."""
    content = _read(path, "identity file")
    if content.count(b"-----BEGIN ") != content.count(b"-----END "):
        raise _half_written(path)
    blocks = [match.group(0) for match in _PEM.finditer(content)]
    if len(blocks) < 3:  # noqa: PLR2004 - key, certificate and at least one authority
        raise _half_written(path)
    key, leaf, *authorities = blocks
    return _credentials(key, leaf, authorities, now, key_file=path, cert_file=path, ca_file=path)


def load_key_pair(certificate: Path, key: Path, authorities: Path, now: datetime) -> Credentials:
    """Read the three files of `tctl auth sign --format=tls`. Raises CredentialsError."""
    key_pem = _first_block(key, "client key")
    leaf_pem = _first_block(certificate, "client certificate")
    trusted = [m.group(0) for m in _PEM.finditer(_read(authorities, "root CA file"))]
    if not trusted:
        raise CredentialsError(
            f"The root CA file {authorities} holds no certificate.",
            "Write it again with `tctl auth sign --format=tls`.",
        )
    return _credentials(
        key_pem, leaf_pem, trusted, now, key_file=key, cert_file=certificate, ca_file=authorities
    )


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CredentialsError(
            f"The {what} {path} cannot be read ({error.strerror}).", _unreadable_hint(error)
        ) from error


def _unreadable_hint(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"Let the user that the bot runs as (uid {os.geteuid()}) read it."
    if isinstance(error, IsADirectoryError):
        return "Name the file in this folder; tbot calls it `identity`."
    return "Check the path, and whether tbot or `tctl auth sign` has written the file."


def _first_block(path: Path, what: str) -> bytes:
    match = _PEM.search(_read(path, what))
    if match is None:
        raise CredentialsError(
            f"The {what} {path} holds no PEM block.",
            "Write it again with `tctl auth sign --format=tls`.",
        )
    return match.group(0)


def _half_written(path: Path) -> CredentialsError:
    return CredentialsError(
        f"The identity file {path} is incomplete: it needs a key, a certificate and at least one"
        " authority.",
        "Write it again with `tctl auth sign --format=file`, or wait for tbot to finish writing.",
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
        return _parsed(
            key_pem, leaf_pem, authorities, now,
            key_file=key_file, cert_file=cert_file, ca_file=ca_file,
        )  # fmt: skip
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # Parts are only read when they are asked for, and each in a way of its own.
        raise CredentialsError(
            f"A key or certificate in {cert_file} is damaged.",
            "Write it again with `tctl auth sign`, or wait for tbot to write it.",
        ) from error


def _parsed(
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
            f"{ca_file} holds no authority of Teleport's servers, only that of the bot's own"
            " certificate.",
            "Write it again with `tctl auth sign`.",
        )
    if _public_bytes(key.public_key()) != _public_bytes(leaf.public_key()):
        raise CredentialsError(
            f"The key in {key_file} does not belong to the certificate in {cert_file}.",
            "They come from two different runs: write both again.",
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
    """Labels are not trusted: Teleport has written PKCS#8 under the label of PKCS#1."""
    if b"PIV YUBIKEY" in pem:
        raise CredentialsError(
            f"The key in {path} lives on a hardware token, which only tsh and tctl can use.",
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
            f"The private key in {path} cannot be read.",
            "Write the file again with `tctl auth sign`.",
        ) from error


def _load_certificate(pem: bytes, path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CredentialsError(
            f"A certificate in {path} cannot be read.",
            "Write the file again with `tctl auth sign`.",
        ) from error


def _issued(authority: x509.Certificate, leaf: x509.Certificate) -> bool:
    """Tell the User CA, which vouches for no server.

    Where OpenSSL trusts it, it is sent along with our own certificate, and Teleport refuses more
    than one.
    """
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _public_bytes(key: object) -> bytes:
    serialised: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return serialised


def _cluster(leaf: x509.Certificate, path: Path) -> str:
    """The subject's own attribute, else the issuer's organisation, as the server reads it."""
    cluster = _one(leaf.subject, TELEPORT_CLUSTER) or _one(leaf.issuer, NameOID.ORGANIZATION_NAME)
    if not cluster:
        raise CredentialsError(
            f"The certificate in {path} names no Teleport cluster.",
            "It was not signed by Teleport: use `tctl auth sign` or tbot.",
        )
    return cluster


def _one(name: x509.Name, oid: ObjectIdentifier) -> str | None:
    return next(iter(_all(name, oid)), None)


def _all(name: x509.Name, oid: ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(each.value) for each in name.get_attributes_for_oid(oid))

"""The cluster's certificate authorities.

The Host CA signs the Auth Service's certificate, the User CA those of users and bots. As in
Teleport, their names differ by a random serial number; otherwise a client could confuse them.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Self, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    SSHCertificateBuilder,
    SSHCertificateType,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.credentials.identity_file import IdentityFile
from sandbox.teleport.credentials.server_name import API_DOMAIN

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
"""Key types of Teleport's signature algorithm suites."""

_CA_LIFETIME = timedelta(days=3650)
_CLOCK_SKEW = timedelta(minutes=1)
_JOIN_PRINCIPAL = "-teleport-internal-join"


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True)
class CertificateAuthority:
    """One authority. It signs TLS and SSH certificates with the same key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def generate(cls, cluster: str, now: datetime) -> Self:
        key = new_key()
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, cluster),
                x509.NameAttribute(NameOID.COMMON_NAME, cluster),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, str(secrets.randbits(127))),
            ]
        )
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            x509.CertificateBuilder(issuer_name=name, subject_name=name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(now + _CA_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(_key_identifier(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def ssh_public_key(self) -> bytes:
        """Return the public key as an authorized_keys line, without a comment."""
        return self.key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)

    def server_pair(self, name: str, now: datetime, *hosts: str) -> tuple[bytes, bytes]:
        """Return the key and certificate of a server on this machine, both PEM.

        `hosts` are additional names.
        """
        key = new_key()
        names = x509.SubjectAlternativeName(
            [
                *map(x509.DNSName, (*hosts, "localhost")),
                x509.IPAddress(ip_address("127.0.0.1")),
            ]
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        valid = (now - _CLOCK_SKEW, now + _CA_LIFETIME)
        certificate = self.sign(key.public_key(), subject, usage, valid=valid, names=names)
        return key_pem(key), certificate

    def sign(
        self,
        public_key: PublicKey,
        subject: x509.Name,
        usage: x509.ExtendedKeyUsage,
        *,
        valid: tuple[datetime, datetime],
        names: x509.SubjectAlternativeName | None = None,
    ) -> bytes:
        """Return a leaf certificate as PEM."""
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = (
            x509.CertificateBuilder(issuer_name=self.certificate.subject, subject_name=subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(valid[0])
            .not_valid_after(valid[1])
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(_key_identifier(public_key), critical=False)
            .add_extension(identifier, critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass(frozen=True)
class Authority:
    """The Host CA and the User CA of one cluster."""

    cluster: str
    host: CertificateAuthority
    user: CertificateAuthority

    @classmethod
    def generate(cls, cluster: str, now: datetime) -> Self:
        return cls(
            cluster,
            host=CertificateAuthority.generate(cluster, now),
            user=CertificateAuthority.generate(cluster, now),
        )

    def host_certificate(self, now: datetime) -> tuple[bytes, bytes]:
        """Return the key and certificate of the Auth Service, both PEM."""
        return self.host.server_pair("auth", now, f"*.{API_DOMAIN}", API_DOMAIN)

    def tls_certificate(self, identity: Identity, public_key: PublicKey, now: datetime) -> bytes:
        """Return the identity's TLS client certificate as PEM."""
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        valid = (now - _CLOCK_SKEW, identity.expires)
        return self.user.sign(public_key, identity.subject(), usage, valid=valid)

    def ssh_certificate(
        self,
        identity: Identity,
        public_key: ec.EllipticCurvePublicKey,
        now: datetime,
        *,
        logins: tuple[str, ...] = (),
    ) -> bytes:
        """Return the identity's OpenSSH user certificate as one line."""
        roles = json.dumps({"version": "v1", "roles": identity.roles}).encode()
        return (
            SSHCertificateBuilder()
            .public_key(public_key)
            .serial(secrets.randbits(63))
            .type(SSHCertificateType.USER)
            .key_id(identity.user.encode())
            .valid_principals([name.encode() for name in (*logins, _JOIN_PRINCIPAL)])
            .valid_after((now - _CLOCK_SKEW).timestamp())
            .valid_before(identity.expires.timestamp())
            .add_extension(b"permit-port-forwarding", b"")
            .add_extension(b"permit-pty", b"")
            .add_extension(b"teleport-roles", roles)
            .sign(self.user.key)
            .public_bytes()
        )

    def known_hosts(self) -> bytes:
        """Return the Host CA as a known_hosts line."""
        names = f"{self.cluster},*.{self.cluster}".encode()
        return b"@cert-authority " + names + b" " + self.host.ssh_public_key + b" type=host"

    def identity_file(
        self, identity: Identity, now: datetime, *, logins: tuple[str, ...] = ()
    ) -> IdentityFile:
        """Return an identity file with a new key and certificates."""
        key = new_key()
        return IdentityFile(
            key=key_pem(key),
            ssh_certificate=self.ssh_certificate(identity, key.public_key(), now, logins=logins),
            tls_certificate=self.tls_certificate(identity, key.public_key(), now),
            ssh_authorities=(self.known_hosts(),),
            tls_authorities=(self.host.pem,),
        )


def _key_identifier(public_key: PublicKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(public_key)

"""The bot's credentials, read from files."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teleport.credentials.authority import Authority
from sandbox.teleport.credentials.identity import Identity
from teleport_client.credentials.identity import (
    CredentialsError,
    load_identity_file,
    load_key_pair,
)
from teleport_client.transport.tls import server_name
from tests.cpu_limit import cpu_limit

NOW = datetime.now(UTC)
AUTHORITY = Authority.generate("main", NOW)
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def identity_file(path: Path, *, lifetime: timedelta = timedelta(hours=1)) -> Path:
    who = Identity(user="bot-x", roles=("r",), cluster="main", expires=NOW + lifetime)
    AUTHORITY.identity_file(who, NOW - timedelta(hours=2), logins=()).write(path)
    return path


def test_identity_file_contains_user_cluster_and_expiry(tmp_path: Path) -> None:
    """All three come from the certificate."""
    credentials = load_identity_file(identity_file(tmp_path / "identity"), NOW)
    assert (credentials.user, credentials.cluster) == ("bot-x", "main")
    assert timedelta(0) < credentials.expires - NOW <= timedelta(hours=1)
    assert credentials.certificate_pem.count(b"BEGIN CERTIFICATE") == 1
    assert credentials.trusted_pem.count(b"BEGIN CERTIFICATE") >= 1


def test_keys_are_not_in_the_representation(tmp_path: Path) -> None:
    """Printing credentials must not print a key."""
    credentials = load_identity_file(identity_file(tmp_path / "identity"), NOW)
    assert "PRIVATE KEY" not in repr(credentials)


def test_every_truncated_file_is_rejected(tmp_path: Path) -> None:
    """Tbot truncates the file in place before writing it."""
    text = identity_file(tmp_path / "identity").read_text()
    cut = tmp_path / "cut"
    refused = 0
    ends = [*range(0, len(text) - 300, 97)]
    for end in ends:
        cut.write_text(text[:end])
        with pytest.raises(CredentialsError, match=str(cut)):
            load_identity_file(cut, NOW)
        refused += 1
    assert refused == len(ends)


@pytest.mark.parametrize(
    "content",
    [
        "-----BEGIN A-----\n" * 20_000 + "-----END B-----\n" * 20_000,
        "-----BEGIN A-----\n-----END B-----\n" * 20_000,
        f"-----BEGIN {'A' * 200_000}\n-----END " * 3,
        f"-----BEGIN A-----\n{'x' * 500_000}-----END B-----",
    ],
)
def test_hostile_identity_file_is_rejected_in_linear_time(tmp_path: Path, content: str) -> None:
    """Reading blocks the event loop. A regular expression that pairs labels would take minutes."""
    path = tmp_path / "identity"
    path.write_text(content)
    with pytest.raises(CredentialsError, match="is incomplete"), cpu_limit(seconds=2):
        load_identity_file(path, NOW)
    with pytest.raises(CredentialsError, match="contains no PEM block"), cpu_limit(seconds=2):
        load_key_pair(path, path, path, NOW)


def test_expired_certificate_is_reported_with_its_expiry(tmp_path: Path) -> None:
    """The error also explains how to get a new one."""
    path = identity_file(tmp_path / "identity", lifetime=-timedelta(minutes=5))
    with pytest.raises(CredentialsError, match=r"expired at .* UTC\. Sign a new one with `tctl"):
        load_identity_file(path, NOW)


def test_missing_file_is_reported_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"Can't read .*nowhere \(No such file"):
        load_identity_file(tmp_path / "nowhere", NOW)


def test_key_that_does_not_match_is_rejected(tmp_path: Path) -> None:
    """Otherwise the handshake would fail without an explanation."""
    one = identity_file(tmp_path / "one").read_text()
    two = identity_file(tmp_path / "two").read_text()
    end = "-----END PRIVATE KEY-----"
    mixed = tmp_path / "mixed"
    mixed.write_text(one.split(end)[0] + end + two.split(end)[1])
    with pytest.raises(CredentialsError, match="doesn't match the certificate"):
        load_identity_file(mixed, NOW)


def certificate_of(key: Key) -> str:
    """Return a certificate for a key; the issuer's organization is the cluster."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "bot-x"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "leaf"),
        ]
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(hours=1))
        .not_valid_after(NOW + timedelta(hours=1))
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("key", "form", "label"),
    [
        (RSA, PrivateFormat.TraditionalOpenSSL, "RSA PRIVATE KEY"),
        (RSA, PrivateFormat.PKCS8, "PRIVATE KEY"),
        (RSA, PrivateFormat.PKCS8, "RSA PRIVATE KEY"),
        (EC, PrivateFormat.TraditionalOpenSSL, "EC PRIVATE KEY"),
        (EC, PrivateFormat.PKCS8, "PRIVATE KEY"),
        (EC, PrivateFormat.PKCS8, "EC PRIVATE KEY"),
        (ED25519, PrivateFormat.PKCS8, "PRIVATE KEY"),
        (ED25519, PrivateFormat.OpenSSH, "OPENSSH PRIVATE KEY"),
    ],
)
def test_keys_are_read_under_any_label(
    tmp_path: Path, key: Key, form: PrivateFormat, label: str
) -> None:
    """Teleport has written one key format under another's label."""
    pem = key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
    written = pem.split("-----BEGIN ")[1].split("-----")[0]
    path = tmp_path / "identity"
    leaf = certificate_of(key)
    authority = AUTHORITY.host.pem.decode()
    path.write_text(pem.replace(f" {written}-----", f" {label}-----") + leaf + authority)
    credentials = load_identity_file(path, NOW)
    assert (credentials.user, credentials.cluster) == ("bot-x", "leaf")


@cache
def some_identity() -> bytes:
    """Return the same identity for all examples, because signatures vary in length."""
    with TemporaryDirectory() as folder:
        return identity_file(Path(folder) / "identity").read_bytes()


@given(st.data())
def test_damaged_file_raises_only_the_expected_error(data: st.DataObject) -> None:
    content = bytearray(some_identity())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "identity"
        for _ in range(data.draw(st.integers(1, 5))):
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] = data.draw(st.integers(32, 126))
        path.write_bytes(content)
        with suppress(CredentialsError):
            load_identity_file(path, NOW)


def test_user_ca_is_not_trusted(tmp_path: Path) -> None:
    """It signs no server certificates. OpenSSL would also send it, and Teleport would hang up."""
    path = identity_file(tmp_path / "identity")
    whole = path.read_bytes()
    path.write_bytes(whole + AUTHORITY.user.pem)
    assert load_identity_file(path, NOW).trusted_pem.strip() == AUTHORITY.host.pem.strip()
    path.write_bytes(whole.replace(AUTHORITY.host.pem, AUTHORITY.user.pem))
    with pytest.raises(CredentialsError, match="contains only the User CA"):
        load_identity_file(path, NOW)


def test_key_on_a_hardware_token_is_rejected(tmp_path: Path) -> None:
    """Only tsh and tctl can use it."""
    leaf = certificate_of(EC)
    path = tmp_path / "identity"
    label = "PIV YUBIKEY PRIVATE KEY"
    path.write_text(f"-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n{leaf}{leaf}")
    with pytest.raises(CredentialsError, match="is stored on a hardware token"):
        load_identity_file(path, NOW)


def test_garbage_between_pem_markers_is_reported(tmp_path: Path) -> None:
    """A failed renewal can leave such a file."""
    text = identity_file(tmp_path / "identity").read_text()
    path = tmp_path / "garbage"
    path.write_text(text.replace("MII", "!!!"))
    with pytest.raises(CredentialsError, match="Can't read"):
        load_identity_file(path, NOW)


def test_three_files_of_format_tls_are_read(tmp_path: Path) -> None:
    """The files contain the key, the certificate and the CAs."""
    whole = load_identity_file(identity_file(tmp_path / "identity"), NOW)
    (tmp_path / "x.key").write_bytes(whole.key_pem)
    (tmp_path / "x.crt").write_bytes(whole.certificate_pem)
    (tmp_path / "x.cas").write_bytes(whole.trusted_pem)
    three = load_key_pair(tmp_path / "x.crt", tmp_path / "x.key", tmp_path / "x.cas", NOW)
    assert three == whole
    (tmp_path / "x.cas").write_text("")
    with pytest.raises(CredentialsError, match=r"x\.cas contains no certificate"):
        load_key_pair(tmp_path / "x.crt", tmp_path / "x.key", tmp_path / "x.cas", NOW)
    (tmp_path / "x.key").write_text("")
    with pytest.raises(CredentialsError, match=r"x\.key contains no PEM block"):
        load_key_pair(tmp_path / "x.crt", tmp_path / "x.key", tmp_path / "x.cas", NOW)


@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        ("main", "6d61696e.teleport.cluster.local"),
        ("a.b", "612e62.teleport.cluster.local"),
    ],
)
def test_server_name_contains_the_cluster_in_hex(cluster: str, name: str) -> None:
    """One wildcard certificate covers it, with or without dots."""
    assert server_name(cluster) == name


def test_certificate_of_another_authority_is_rejected(tmp_path: Path) -> None:
    """Teleport puts the name of its cluster into each certificate."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bot-x")])
    certificate = (
        x509.CertificateBuilder(name, name, EC.public_key(), 1, NOW, NOW + timedelta(hours=1))
        .sign(EC, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    key = EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key").write_bytes(key)
    (tmp_path / "crt").write_bytes(certificate)
    (tmp_path / "authorities").write_bytes(AUTHORITY.host.pem)
    with pytest.raises(CredentialsError, match="no Teleport cluster name"):
        load_key_pair(tmp_path / "crt", tmp_path / "key", tmp_path / "authorities", NOW)

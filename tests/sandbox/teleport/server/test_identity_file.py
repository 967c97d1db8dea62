"""The format of identity files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teleport.credentials.authority import Authority
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.credentials.identity_file import IdentityFile

NOW = datetime.now(UTC).replace(microsecond=0)
AUTHORITY = Authority.generate("main", NOW)
FILE = AUTHORITY.identity_file(Identity("alice", ("dev",), "main", NOW + timedelta(days=1)), NOW)

words = st.text(alphabet="abcdefghijklmnopqrstuvwxyz-.@", min_size=1, max_size=20)


def parts(file: IdentityFile) -> list[bytes]:
    """All parts without the line breaks around them."""
    texts = (file.key, file.ssh_certificate, file.tls_certificate)
    return [it.strip() for it in (*texts, *file.ssh_authorities, *file.tls_authorities)]


def test_there_and_back() -> None:
    """Each part of a written file is read back unchanged."""
    assert parts(IdentityFile.decode(FILE.encode())) == parts(FILE)


@given(noise=st.lists(st.sampled_from([b"", b"# a comment", b"   ", b"key: value"]), max_size=4))
def test_unknown_lines_are_skipped(noise: list[bytes]) -> None:
    """Lines of no known kind and white space around the others do no harm."""
    content = b"\n".join([*noise, *FILE.encode().replace(b"\n", b" \r\n").split(b"\n"), *noise])
    assert parts(IdentityFile.decode(content)) == parts(FILE)


@given(cut=st.integers(0, len(FILE.encode()) - 1))
def test_truncated_identity_file_is_rejected(cut: int) -> None:
    """A fragment is an error, or contains all distinguishable parts, but never a wrong one."""
    try:
        read = IdentityFile.decode(FILE.encode()[:cut])
    except ValueError:
        return
    assert read.key == FILE.key
    assert read.tls_certificate == FILE.tls_certificate


@given(
    user=words, roles=st.lists(words, max_size=4, unique=True), active=st.lists(words, max_size=2)
)
def test_certificate_names_its_user(user: str, roles: list[str], active: list[str]) -> None:
    """User, roles, cluster, end and active requests come back from the certificate."""
    expires = NOW + timedelta(hours=1)
    identity = Identity(user, tuple(roles), "main", expires, tuple(active))
    file = AUTHORITY.identity_file(identity, NOW)
    certificate = x509.load_pem_x509_certificate(file.tls_certificate)
    assert Identity.from_certificate(certificate) == identity


def test_written_for_its_owner_only(tmp_path: Path) -> None:
    """A rewritten file keeps the mode of a secret and leaves no draft behind."""
    path = tmp_path / "folder" / "alice"
    FILE.write(path)
    FILE.write(path)
    assert parts(IdentityFile.read(path)) == parts(FILE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"hello", FILE.key, FILE.key + FILE.tls_certificate])
def test_not_an_identity_file(content: bytes) -> None:
    """A file that lacks a key or a certificate is refused."""
    with pytest.raises(ValueError, match="not an identity file"):
        IdentityFile.decode(content)

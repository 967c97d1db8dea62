"""Teleport's identity files: a private key and all certificates in one file.

Parts and order are those of api/identityfile: key, SSH certificate, TLS certificate, SSH
authorities, TLS authorities. Readers distinguish the PEM blocks only by their position.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

_OWNER_ONLY = 0o600
_CERTIFICATE_SUFFIX = b"-cert-v01@openssh.com"


@dataclass(frozen=True)
class IdentityFile:
    """All parts, in the text forms of the file."""

    key: bytes
    ssh_certificate: bytes
    tls_certificate: bytes
    ssh_authorities: tuple[bytes, ...]
    tls_authorities: tuple[bytes, ...]

    def encode(self) -> bytes:
        parts = (
            self.key,
            self.ssh_certificate,
            self.tls_certificate,
            *self.ssh_authorities,
            *self.tls_authorities,
        )
        return b"".join(part if part.endswith(b"\n") else part + b"\n" for part in parts)

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Return the file's parts. Raises ValueError if the key or a certificate is missing."""
        lines = [line.strip() for line in content.splitlines()]
        pem = _pem_blocks(lines)
        ssh = [it for it in lines if it.split(b" ", 1)[0].endswith(_CERTIFICATE_SUFFIX)]
        match pem, ssh:
            case [key, tls_certificate, *authorities], [*_, ssh_certificate]:
                return cls(
                    key=key,
                    ssh_certificate=ssh_certificate,
                    tls_certificate=tls_certificate,
                    ssh_authorities=tuple(it for it in lines if it.startswith(b"@cert-authority")),
                    tls_authorities=tuple(authorities),
                )
            case _:
                raise ValueError("not an identity file: a key or a certificate is missing")

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls.decode(path.read_bytes())

    def write(self, path: Path) -> None:
        """Replace the file atomically. Only its owner can read it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.new")
        draft.unlink(missing_ok=True)
        draft.touch(_OWNER_ONLY, exist_ok=False)
        draft.write_bytes(self.encode())
        draft.replace(path)


def _pem_blocks(lines: list[bytes]) -> list[bytes]:
    blocks: list[bytes] = []
    inside = False
    for line in lines:
        if line.startswith(b"-----BEGIN"):
            blocks.append(b"")
            inside = True
        if inside:
            blocks[-1] += line + b"\n"
        if line.startswith(b"-----END") and line.endswith(b"-----"):
            inside = False
    if inside:
        raise ValueError("not an identity file: a PEM block has no end")
    return blocks

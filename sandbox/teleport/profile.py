"""The data folder of a running sandbox, and its files for tsh and tctl."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

TCTL_ADMIN = "tctl-admin"
"""The user of tctl. On a real cluster, tctl runs on the Auth Service's host."""


def identity_path(data: Path, name: str) -> Path:
    """Return the long-lived identity file of a user, of `bot` or of tctl's administrator."""
    return data / "identities" / name


def sessions_folder(data: Path) -> Path:
    """Return the folder in which `tsh login` writes one identity file per user."""
    return data / "tsh"


@dataclass(frozen=True)
class Profile:
    """Address and cluster of the sandbox's Auth Service."""

    address: str
    cluster: str

    @classmethod
    def load(cls, data: Path) -> Self:
        """Read a profile. Raises FileNotFoundError if no sandbox used that folder."""
        return cls(**json.loads(_path(data).read_text()))

    def save(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        _path(data).write_text(json.dumps(asdict(self), indent=2) + "\n")


def _path(data: Path) -> Path:
    return data / "teleport.json"

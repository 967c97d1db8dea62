"""The folder of a running sandbox, and where in it tsh and tctl find what they need."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

TCTL_ADMIN = "tctl-admin"
"""Whom tctl acts as; on a real cluster it is whoever may log in to the Auth Service's host."""


def default_data() -> Path:
    """Where the sandbox keeps its files unless told otherwise: away from the work tree."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(runtime) / "teleport-chatops-sandbox"


def identity_path(data: Path, name: str) -> Path:
    """The long-lived identity file of a person, the bot (`bot`) or tctl's administrator."""
    return data / "identities" / name


def sessions_folder(data: Path) -> Path:
    """What `tsh login` writes: one identity file per user."""
    return data / "tsh"


@dataclass(frozen=True)
class Profile:
    """How to reach the Auth Service of the sandbox."""

    address: str
    cluster: str

    @classmethod
    def load(cls, data: Path) -> Self:
        """Raises FileNotFoundError if no sandbox has been started with that folder."""
        return cls(**json.loads(_path(data).read_text()))

    def save(self, data: Path) -> None:
        _path(data).write_text(json.dumps(asdict(self), indent=2) + "\n")


def _path(data: Path) -> Path:
    return data / "teleport.json"

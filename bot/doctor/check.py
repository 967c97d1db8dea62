"""One row of what doctor says."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """It works, and not as well as it could."""
    FAILURE = "failure"
    """It will not work."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    level: Level
    found: str
    cure: str = ""


def ok(name: str, found: str) -> Check:
    return Check(name, Level.OK, found)


def warning(name: str, found: str, cure: str) -> Check:
    return Check(name, Level.WARNING, found, cure)


def failure(name: str, found: str, cure: str) -> Check:
    return Check(name, Level.FAILURE, found, cure)

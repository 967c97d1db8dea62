"""One row of what doctor says."""

from dataclasses import dataclass
from enum import StrEnum

from bot.start_error import UNAVAILABLE, StartError


class Level(StrEnum):
    OK = "ok"
    UNKNOWN = "unknown"
    """It can't be checked from here."""
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
    may_pass: bool = False
    """Whether a failure may pass without a change to the setup."""

    @property
    def exit_code(self) -> int:
        """0, 1 for what is not as it should be now, or 2 for what will never work."""
        if self.level is Level.FAILURE:
            return 1 if self.may_pass else 2
        return 1 if self.level is Level.WARNING else 0


def ok(name: str, found: str) -> Check:
    return Check(name, Level.OK, found)


def unknown(name: str, found: str, cure: str) -> Check:
    return Check(name, Level.UNKNOWN, found, cure)


def warning(name: str, found: str, cure: str) -> Check:
    return Check(name, Level.WARNING, found, cure)


def failure(name: str, found: str, cure: str) -> Check:
    return Check(name, Level.FAILURE, found, cure)


def unavailable(name: str, found: str, cure: str) -> Check:
    """A failure that may pass."""
    return Check(name, Level.FAILURE, found, cure, may_pass=True)


def start_failure(name: str, error: StartError) -> Check:
    """What ends the start of the bot as well."""
    may_pass = error.exit_code == UNAVAILABLE
    return Check(name, Level.FAILURE, error.problem, error.hint, may_pass)

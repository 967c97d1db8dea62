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
    detail: str
    hint: str = ""
    is_transient: bool = False
    """Whether a failure may pass without a change to the setup."""

    @property
    def exit_code(self) -> int:
        """0, 1 for what is not as it should be now, or 2 for what will never work."""
        if self.level is Level.FAILURE:
            return 1 if self.is_transient else 2
        return 1 if self.level is Level.WARNING else 0


def ok(name: str, detail: str) -> Check:
    return Check(name, Level.OK, detail)


def unknown(name: str, detail: str, hint: str) -> Check:
    return Check(name, Level.UNKNOWN, detail, hint)


def warning(name: str, detail: str, hint: str) -> Check:
    return Check(name, Level.WARNING, detail, hint)


def failure(name: str, detail: str, hint: str) -> Check:
    return Check(name, Level.FAILURE, detail, hint)


def unavailable(name: str, detail: str, hint: str) -> Check:
    """A failure that may pass."""
    return Check(name, Level.FAILURE, detail, hint, is_transient=True)


def start_failure(name: str, error: StartError) -> Check:
    """What ends the start of the bot as well."""
    is_transient = error.exit_code == UNAVAILABLE
    return Check(name, Level.FAILURE, error.problem, error.hint, is_transient)

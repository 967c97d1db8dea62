"""A row of doctor's output."""

from dataclasses import dataclass
from enum import StrEnum

from bot.start_error import UNAVAILABLE, StartError


class Level(StrEnum):
    OK = "ok"
    OFF = "off"
    """An opt-in feature isn't used."""
    UNKNOWN = "unknown"
    """Doctor can't check it."""
    WARNING = "warning"
    """The bot works, but not fully."""
    FAILURE = "failure"
    """The bot or a required feature doesn't work."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    level: Level
    detail: str
    hint: str = ""
    is_transient: bool = False
    """Whether a failure can end without a change to the setup."""

    @property
    def exit_code(self) -> int:
        """0, 1 for a partial or transient problem, or 2 if the setup has to change."""
        if self.level is Level.FAILURE:
            return 1 if self.is_transient else 2
        return 1 if self.level is Level.WARNING else 0


def ok(name: str, detail: str) -> Check:
    return Check(name, Level.OK, detail)


def off(name: str, detail: str) -> Check:
    return Check(name, Level.OFF, detail)


def unknown(name: str, detail: str, hint: str) -> Check:
    return Check(name, Level.UNKNOWN, detail, hint)


def warning(name: str, detail: str, hint: str) -> Check:
    return Check(name, Level.WARNING, detail, hint)


def failure(name: str, detail: str, hint: str) -> Check:
    return Check(name, Level.FAILURE, detail, hint)


def unavailable(name: str, detail: str, hint: str) -> Check:
    """Return a transient failure."""
    return Check(name, Level.FAILURE, detail, hint, is_transient=True)


def start_failure(name: str, error: StartError) -> Check:
    """Return the failure that also ends the bot's startup."""
    is_transient = error.exit_code == UNAVAILABLE
    return Check(name, Level.FAILURE, error.problem, error.hint, is_transient)

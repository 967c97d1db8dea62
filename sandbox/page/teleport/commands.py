"""The commands of tsh and tctl that the panel shows and runs.

The page runs nothing else: each word of a command is fixed, or is the name of something that exists
in the cluster.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sandbox.cast import PEOPLE
from sandbox.teleport.state.cluster import Cluster


class Tool(StrEnum):
    TSH = "tsh"
    TCTL = "tctl"


class CommandRejected(ValueError):
    """The page doesn't run this command. The text is a sentence."""


@dataclass(frozen=True)
class Command:
    """One command. Only `checked` makes those that a request asks for."""

    tool: Tool
    words: tuple[str, ...]
    user: str = ""
    """The Teleport user who runs tsh. Empty for tctl, which belongs to the administrator."""

    @property
    def text(self) -> str:
        return " ".join((self.tool, *self.words))


def tsh(user: str, *words: str) -> Command:
    return Command(Tool.TSH, words, user)


def tctl(*words: str) -> Command:
    return Command(Tool.TCTL, words)


def checked(cluster: Cluster, tool: str, user: str, words: Sequence[str]) -> Command:
    """Return the command if it is on the list. Raises CommandRejected."""
    if tool not in tuple(Tool):
        raise CommandRejected("The page runs only tsh and tctl.")
    if tool == Tool.TCTL:
        forms, user = _TCTL, ""
    elif user in _users(cluster):
        forms = _TSH
    else:
        raise CommandRejected("This person has no Teleport user.")
    if not any(_fits(cluster, form, words) for form in forms):
        raise CommandRejected(
            "The page doesn't run this command. Use a terminal: teleport-chatops sandbox tsh --help"
        )
    return Command(Tool(tool), tuple(words), user)


@dataclass(frozen=True)
class _Name:
    """A word that names something in the cluster, after a fixed beginning."""

    names: Callable[[Cluster], Sequence[str]]
    prefix: str = ""

    def fits(self, cluster: Cluster, word: str) -> bool:
        return any(word == f"{self.prefix}{name}" for name in self.names(cluster))


def _users(cluster: Cluster) -> Sequence[str]:
    return [person.name for person in PEOPLE if person.name in cluster.users]


def _requests(cluster: Cluster) -> Sequence[str]:
    return list(cluster.requests)


def _locks(cluster: Cluster) -> Sequence[str]:
    return list(cluster.locks)


def _logins(cluster: Cluster) -> Sequence[str]:
    return [f"{user}@{node.Spec.Hostname}" for user in _users(cluster) for node in cluster.nodes]


_REQUEST = _Name(_requests)
_Form = tuple[str | _Name, ...]
_TSH: tuple[_Form, ...] = (
    ("ls",),
    ("login",),
    ("login", _Name(_requests, "--request-id=")),
    ("ssh", _Name(_logins)),
    ("request", "ls"),
    ("request", "show", _REQUEST),
    ("request", "review", "--approve", _REQUEST),
    ("request", "review", "--deny", _REQUEST),
)
_TCTL: tuple[_Form, ...] = (
    ("requests", "ls"),
    ("requests", "get", _REQUEST),
    ("requests", "approve", _REQUEST),
    ("requests", "deny", _REQUEST),
    ("requests", "rm", _REQUEST),
    ("get", "users"),
    ("get", _Name(_users, "users/")),
    ("get", "locks"),
    ("lock", _Name(_users, "--user=")),
    ("lock", _Name(_requests, "--access-request=")),
    ("rm", _Name(_locks, "lock/")),
)


def _fits(cluster: Cluster, form: _Form, words: Sequence[str]) -> bool:
    return len(form) == len(words) and all(
        expected.fits(cluster, word) if isinstance(expected, _Name) else expected == word
        for expected, word in zip(form, words, strict=True)
    )

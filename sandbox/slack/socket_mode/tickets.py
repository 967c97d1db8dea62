"""Tickets for opening one socket, valid for a short time."""

from collections.abc import Callable

from sandbox.slack.workspace.identifiers import Identifiers

_LIFE = 30.0


class Tickets:
    """Issues tickets. Each works once."""

    def __init__(self, ids: Identifiers, now: Callable[[], float]) -> None:
        self._ids = ids
        self._now = now
        self._issued_at: dict[str, float] = {}

    def issue(self) -> str:
        ticket = self._ids.envelope()
        self._issued_at[ticket] = self._now()
        return ticket

    def take(self, ticket: str) -> bool:
        """Return whether the ticket is valid, and use it up."""
        issued_at = self._issued_at.pop(ticket, None)
        return issued_at is not None and self._now() - issued_at <= _LIFE

"""The app's Socket Mode connections: a main socket and a standby.

Slack delivers an envelope to any open socket of the app, and shows an error to the user if there is
none. With two sockets, one is open while the other is replaced. Slack allows ten sockets for all
replicas together, so a larger deployment keeps no standby.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from slack_bolt.async_app import AsyncApp

from bot.sockets.socket_client import SocketClient
from bot.sockets.socket_supervisor import SocketSupervisor
from bot.sockets.standby_supervisor import StandbySupervisor

_URL_SECONDS = 10.0
"""How long an unused URL works."""


@dataclass(frozen=True, slots=True)
class SocketUrl:
    """The URL that startup got from Slack when it checked the app token."""

    url: str
    issued_at: float

    def if_fresh(self) -> str:
        """Return the URL, or "" if it's too old to connect to."""
        return self.url if monotonic() - self.issued_at < _URL_SECONDS else ""


class Sockets:
    """Both supervisors. `on_reset` counts replacements by kind."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        *,
        first_url: str = "",
        on_reset: Callable[[str], None],
    ) -> None:
        self._supervisors = [
            SocketSupervisor(app, app_token, on_reset, self._open, first_url),
            StandbySupervisor(app, app_token, on_reset, self._open),
        ]

    @property
    def connected(self) -> int:
        """Number of open connections."""
        return sum(each.connected for each in self._supervisors)

    def problem(self) -> str:
        """Return why Slack can't reach the bot, or a failure that only an operator can repair."""
        failures = [each.failure for each in self._supervisors if each.failure]
        for failure in failures:
            if failure.needs_operator:
                return failure.text
        if self.connected:
            return ""
        return f"no Socket Mode connection{f': {failures[0].text}' if failures else ''}"

    async def run(self) -> None:
        """Keep both open until cancelled, then close them one after the other.

        A closing socket acks its last envelopes over one that is still open.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for supervisor in self._supervisors:
                    tasks.create_task(supervisor.run())
        finally:
            for supervisor in reversed(self._supervisors):
                await supervisor.close()

    def _open(self) -> Iterable[SocketClient]:
        return [client for each in self._supervisors for client in each.open]

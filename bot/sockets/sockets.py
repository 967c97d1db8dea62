"""The app's Socket Mode connections.

Two, so that Slack always finds one. It allows ten for all copies of the bot together, so the second
is a spare: it is let go while the app has enough, and thought over from time to time.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from slack_bolt.async_app import AsyncApp

from bot.sockets.socket_client import SocketClient
from bot.sockets.socket_supervisor import SocketSupervisor, StandbySupervisor

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
    """`first_url` is used up by the first socket. `on_reset` is told how each was mended."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        *,
        first_url: str = "",
        on_reset: Callable[[str], None],
    ) -> None:
        self._places = [
            SocketSupervisor(app, app_token, on_reset, self._open, first_url),
            StandbySupervisor(app, app_token, on_reset, self._open),
        ]

    @property
    def connected(self) -> int:
        return sum(place.connected for place in self._places)

    def problem(self) -> str:
        """Why nothing can arrive from Slack, or what only a person can mend."""
        for place in self._places:
            if place.needs_operator:
                return place.problem
        if self.connected:
            return ""
        reasons = [place.problem for place in self._places if place.problem]
        return f"no socket is connected{f': {reasons[0]}' if reasons else ''}"

    async def run(self) -> None:
        """Keep them connected until cancelled, then close them one by one.

        As long as another one is open, all that Slack sends on a socket is acked.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for place in self._places:
                    tasks.create_task(place.run())
        finally:
            for place in reversed(self._places):
                await place.close()

    def _open(self) -> Iterable[SocketClient]:
        return [client for place in self._places for client in place.open]

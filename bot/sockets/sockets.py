"""The app's Socket Mode connections.

Two, so that Slack always finds one. It allows ten for all copies of the bot together, so the second
is a spare: it is let go while the app has enough, and thought over from time to time.
"""

import asyncio
from collections.abc import Callable, Iterable

from slack_bolt.async_app import AsyncApp

from bot.sockets.socket_client import SocketClient
from bot.sockets.socket_supervisor import SocketSupervisor, StandbySupervisor


class Sockets:
    """`first_address` is used up by the first socket. `on_reset` is told how each was mended."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        *,
        first_address: str = "",
        on_reset: Callable[[str], None],
    ) -> None:
        self._places = [
            SocketSupervisor(app, app_token, on_reset, self._open, first_address),
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

"""Socket Mode connections, kept alive.

The SDK's client reconnects by itself, with two gaps that are closed here: while it fails to connect
it goes on with an address that is long spent, and it never gives a hopeless connection up. Two
sockets, so that Slack always has one while the other is being renewed.
"""

import asyncio
import json
from collections.abc import Callable
from time import monotonic

import structlog
from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from commands.envelope import envelope

COUNT = 2
_PING_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_RENEW_ADDRESS_AFTER = 4.0
"""Seconds without a connection; an address is good for one use and a short while."""
_REBUILD_AFTER = 30.0
_HOPELESS = {
    "link_disabled": "Socket Mode is switched off in the app's settings at api.slack.com/apps",
    "too_many_websockets": "the app has more than ten sockets open; stop other copies of the bot",
}

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Sockets:
    """`first_address` is used up by the first socket. `helped` is told each cure."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        *,
        first_address: str = "",
        helped: Callable[[str], None],
        count: int = COUNT,
    ) -> None:
        self._sockets = [
            _Socket(app, app_token, helped, first_address if number == 0 else "")
            for number in range(count)
        ]

    @property
    def connected(self) -> int:
        return sum(socket.connected for socket in self._sockets)

    def trouble(self) -> str:
        """Why nothing can arrive from Slack, or what only a person can mend."""
        reasons = [socket.reason for socket in self._sockets if socket.reason]
        if reasons:
            return reasons[0]
        return "" if self.connected else "no socket is connected"

    async def run(self) -> None:
        """Keep them connected until cancelled, then close them."""
        async with asyncio.TaskGroup() as tasks:
            for socket in self._sockets:
                tasks.create_task(socket.run())


class _Socket:
    def __init__(
        self, app: AsyncApp, app_token: str, helped: Callable[[str], None], address: str
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._helped = helped
        self._address = address
        self.connected = False
        self.reason = ""

    async def run(self) -> None:
        while True:
            handler = _Handler(self._app, self._app_token, ping_interval=_PING_SECONDS)
            handler.client.on_message_listeners.append(self._hear)
            # The client picks a proxy from the environment by itself; the one to use is the app's.
            handler.client.proxy = self._app.client.proxy
            handler.client.wss_uri, self._address = self._address or None, ""
            connecting = asyncio.create_task(handler.client.connect())  # type: ignore[no-untyped-call]
            try:
                await self._watch(handler)
            finally:
                self.connected = False
                connecting.cancel()
                await handler.client.close()  # type: ignore[no-untyped-call]
            self._helped("rebuilt")
            log.warning("socket_rebuilt", reason=self.reason)

    async def _watch(self, handler: "_Handler") -> None:
        """Return when this connection is not worth waiting for any longer."""
        down_since = renewed_at = monotonic()
        while True:
            self.connected = await handler.client.is_connected()
            now = monotonic()
            if self.connected:
                down_since = renewed_at = now
            elif now - down_since > _REBUILD_AFTER:
                return
            elif now - renewed_at > _RENEW_ADDRESS_AFTER:
                handler.client.wss_uri = None
                renewed_at = now
                self._helped("address_renewed")
                log.warning("socket_address_renewed", seconds_down=round(now - down_since))
            await asyncio.sleep(_LOOK_SECONDS)

    async def _hear(self, frame: WSMessage) -> None:
        """Slack says hello when it has a socket, and why before it lets one go."""
        if (
            not isinstance(frame.data, str)
            or '"envelope_id"' in frame.data
            or "{" not in frame.data
        ):
            return
        message = json.loads(frame.data)
        if message.get("type") == "hello":
            self.reason = ""
            self.connected = True
            log.info("socket_open", sockets_of_app=message.get("num_connections"))
        elif message.get("type") == "disconnect":
            reason = str(message.get("reason", ""))
            self.reason = _HOPELESS.get(reason, "")
            log.info("socket_closing", reason=reason)


class _Handler(AsyncSocketModeHandler):
    """Lets whoever answers know when the ack is out."""

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        with envelope():
            await super().handle(client, req)

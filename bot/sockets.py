"""Socket Mode connections, kept alive.

The SDK's client reconnects by itself, with gaps that are closed here. Asked by Slack to leave, it
closes the old socket before it has a new one, and loses what arrives in between: here the new one
comes first. A socket that was cut it replaces seconds later: here at once. While it fails to
connect it goes on with an address that is long spent, it never gives a hopeless connection up, and
when Slack refuses an address it says so in a traceback alone.
Two sockets, so that Slack always finds one. It allows ten for all copies of the bot together, so
the second is a spare: it is let go while the app has enough, and thought over from time to time.
"""

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, time

import structlog
from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from commands.envelope import envelope
from workspace.slack_failure import (
    PASSING,
    SLACK_ERRORS,
    Failure,
    failure_of,
    in_words,
    retry_after,
)

ENOUGH = 3
"""Sockets of the app, all copies of the bot together, beyond which nobody keeps a spare."""
SPARE_SECONDS = 600.0
"""After which a spare, or the lack of one, is thought over: Slack tells the count at the start of a
socket alone."""
_PING_SECONDS = 5.0
_LOOK_SECONDS = 0.2
_SHORT_LIFE = 10.0
"""Seconds; a socket that lives less long is not replaced at once again and again."""
_LONGEST_PAUSE = 30.0
_CONNECTING_LOOK_SECONDS = 0.02
_RENEW_ADDRESS_AFTER = 4.0
"""Seconds without a connection; an address is good for one use and a short while."""
_REBUILD_AFTER = 30.0
_LINGER_SECONDS = 3.0
"""How long a socket that is left may still bring its last acks home: Slack takes none later."""
_HOPELESS_SECONDS = 15.0
_TURNED_AWAY_IN_PASSING = 2
"""Sockets in a row that find no room before it is a person's matter: a spare that another copy of
the bot tries, or a copy that is on its way out, is gone sooner."""
_NO_ROOM = "too_many_websockets"
_HOPELESS = {
    "link_disabled": "Socket Mode is switched off in the app's settings at api.slack.com/apps",
    _NO_ROOM: "the app has more than ten sockets open; stop other copies of the bot",
}
"""Reasons of Slack's for closing a socket that only a person can mend."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


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
            _Place(app, app_token, on_reset, first_address),
            _Place(app, app_token, on_reset, spare_seconds=SPARE_SECONDS),
        ]

    @property
    def connected(self) -> int:
        return sum(place.connected for place in self._places)

    def trouble(self) -> str:
        """Why nothing can arrive from Slack, or what only a person can mend."""
        for place in self._places:
            if place.needs_person:
                return place.trouble
        if self.connected:
            return ""
        reasons = [place.trouble for place in self._places if place.trouble]
        return f"no socket is connected{f': {reasons[0]}' if reasons else ''}"

    async def run(self) -> None:
        """Keep them connected until cancelled, then close them."""
        async with asyncio.TaskGroup() as tasks:
            for place in self._places:
                tasks.create_task(place.run())


class _Client(SocketModeClient):
    """The SDK's client, except that its owner hears of trouble, and decides what to do."""

    def __init__(self, app: AsyncApp, app_token: str) -> None:
        super().__init__(
            app_token,
            logger=app.logger,
            web_client=app.client,
            ping_interval=_PING_SECONDS,
            auto_reconnect_enabled=False,
        )
        # It picks a proxy from the environment by itself; the one to use is the app's.
        self.proxy = app.client.proxy
        self.greeted = asyncio.Event()
        """Slack said hello."""
        self.leave = asyncio.Event()
        self.of_app = 0
        """Sockets that the app had with this one when it began."""
        self.reason = ""
        """Slack's word for letting this socket go."""
        self.refusal: Exception | None = None
        """Why Slack gives no address; one of SLACK_ERRORS."""
        self._app = app
        self._handling = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.on_message_listeners.append(self._hear)
        self.socket_mode_request_listeners.append(self._handle)

    @property
    def usable(self) -> bool:
        """Whether Slack has greeted us and the line still stands."""
        session = self.current_session
        stands = not self.closed and session is not None and not session.closed
        return self.greeted.is_set() and stands

    async def issue_new_wss_url(self) -> str:
        """Ask for an address; refused, wait to be given up.

        The SDK logs a traceback instead and asks again, whatever the reason.
        """
        try:
            opened = await self.web_client.apps_connections_open(app_token=str(self.app_token))
            return str(opened["url"])
        except SLACK_ERRORS as error:
            self.refusal = error
            await asyncio.Event().wait()
            raise

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: ARG002
        """What the SDK does when Slack asks it to leave."""
        self.leave.set()

    async def close_when_idle(self) -> None:
        """Let what is being handled send its ack first."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                await self._idle.wait()
        await self.close()  # type: ignore[no-untyped-call]

    async def _handle(self, _client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self._handling += 1
        self._idle.clear()
        try:
            with envelope():
                response = await run_async_bolt_app(self._app, request)
                await self._acknowledge(request, response)
        finally:
            self._handling -= 1
            if not self._handling:
                self._idle.set()

    async def _acknowledge(self, request: SocketModeRequest, response: BoltResponse) -> None:
        """Where the line is lost, Slack tells the person that nothing came of it; work goes on."""
        try:
            await send_async_response(self, request, response, time())
        except ConnectionError as error:
            log.warning("ack_not_sent", error=str(error))

    async def _hear(self, frame: WSMessage) -> None:
        """Slack says hello when it has a socket, and why before it lets one go."""
        if not isinstance(frame.data, str) or '"envelope_id"' in frame.data:
            return
        message = json.loads(frame.data) if frame.data.startswith("{") else {}
        if message.get("type") == "hello":
            self.of_app = int(message.get("num_connections") or 0)
            self.greeted.set()
            log.info("socket_open", sockets_of_app=self.of_app)
        elif message.get("type") == "disconnect":
            self.reason = str(message.get("reason", ""))
            log.info("socket_closing", reason=self.reason)


class _Place:
    """A place that always has a socket, one after the other; as a spare, only while there is room.

    `spare_seconds` is for how long that is decided.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        on_reset: Callable[[str], None],
        address: str = "",
        *,
        spare_seconds: float | None = None,
    ) -> None:
        self._spare_seconds = spare_seconds
        self._app = app
        self._app_token = app_token
        self._on_reset = on_reset
        self._address = address
        self._open: set[_Client] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self.trouble = ""
        """Why the last attempt came to nothing, or the last socket was taken away."""
        self.needs_person = False
        """Whether that will not pass by itself."""
        self._turned_away = 0

    @property
    def connected(self) -> bool:
        return any(client.usable for client in self._open)

    async def run(self) -> None:
        current: _Client | None = None
        pause = 0.0
        try:
            while True:
                fresh, lived = self._new_client(), 0.0
                connected = await self._connect(fresh)
                if self._is_needless(fresh, current):
                    self._close(fresh)
                    if current is not None:
                        self._close(current)
                    current = None
                    await self._rest_as_spare(fresh.of_app)
                    continue
                if connected:
                    if current is not None:
                        self._close(current)
                    current = fresh
                    lived = await self._watch(current)
                else:
                    self._close(fresh)
                    if current is not None and _no_room_beside(current, fresh):
                        self._close(current)
                        await asyncio.gather(*self._closing, return_exceptions=True)
                        continue
                pause = 0.0 if lived > _SHORT_LIFE else min(pause * 2 + 0.5, _LONGEST_PAUSE)
                await self._pause(fresh, pause)
        finally:
            for client in tuple(self._open):
                self._close(client)
            await asyncio.gather(*self._closing, return_exceptions=True)

    def _is_needless(self, fresh: _Client, current: _Client | None) -> bool:
        """Whether a spare is one too many: Slack says so, or other copies have enough."""
        if self._spare_seconds is None:
            return False
        others = fresh.of_app - (current in self._open)
        return fresh.reason == _NO_ROOM or (fresh.usable and others > ENOUGH)

    async def _rest_as_spare(self, of_app: int) -> None:
        log.info("socket_spared", sockets_of_app=of_app)
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - only spreads load
        await asyncio.sleep((self._spare_seconds or 0.0) * spread)

    def _new_client(self) -> _Client:
        client = _Client(self._app, self._app_token)
        client.wss_uri, self._address = self._address or None, ""
        self._open.add(client)
        return client

    async def _connect(self, client: _Client) -> bool:
        """Open a socket, while the one before it still stands."""
        connecting = asyncio.create_task(client.connect())  # type: ignore[no-untyped-call]
        try:
            return await self._wait_until_connected(client, connecting)
        finally:
            connecting.cancel()

    async def _wait_until_connected(
        self, client: _Client, connecting: "asyncio.Task[None]"
    ) -> bool:
        """Help a client that goes on with a spent address; give it up when that does not help."""
        started = renewed_at = monotonic()
        while not client.usable:
            lost = connecting.done() and not await client.is_connected()
            lost = lost or client.greeted.is_set()
            if client.refusal is not None or client.leave.is_set() or lost:
                return False
            now = monotonic()
            if now - started > _REBUILD_AFTER:
                self.needs_person = False
                self.trouble = f"no connection within {_REBUILD_AFTER:g} s"
                self._on_reset("rebuilt")
                log.warning("socket_rebuilt", seconds_down=round(now - started))
                return False
            if now - renewed_at > _RENEW_ADDRESS_AFTER:
                client.wss_uri = None
                renewed_at = now
                self._on_reset("address_renewed")
                log.warning("socket_address_renewed", seconds_down=round(now - started))
            with suppress(TimeoutError):
                async with asyncio.timeout(_CONNECTING_LOOK_SECONDS):
                    await client.greeted.wait()
        self.trouble, self.needs_person = "", False
        return True

    async def _watch(self, client: _Client) -> float:
        """Return when Slack asks to leave it, or when it is lost. Gives the seconds it lived."""
        started = monotonic()
        while not client.leave.is_set() and await client.is_connected():
            if monotonic() - started > (self._spare_seconds or float("inf")):
                return monotonic() - started
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await client.leave.wait()
        if not client.leave.is_set():
            self._close(client)
            self.trouble = "the connection was lost"
            self._on_reset("replaced")
            log.warning("socket_lost")
        return monotonic() - started

    async def _pause(self, client: _Client, seconds: float) -> None:
        """Do not hammer a Slack that will not have us."""
        rest = 0.0
        self._turned_away = self._turned_away + 1 if client.reason == _NO_ROOM else 0
        if hopeless := _HOPELESS.get(client.reason, ""):
            self._close(client)
            self.trouble = hopeless
            self.needs_person = not 0 < self._turned_away <= _TURNED_AWAY_IN_PASSING
            if self.needs_person:
                log.error("socket_hopeless", trouble=hopeless)
        elif client.refusal is not None:
            rest = self._refused(client.refusal)
        if self.needs_person:
            seconds = max(seconds, _HOPELESS_SECONDS)
        spread = random.uniform(0.5, 1.0)  # noqa: S311 - only spreads load
        await asyncio.sleep(max(seconds * spread, rest + spread if rest else 0.0))

    def _refused(self, error: Exception) -> float:
        """Note why Slack gives no address. Gives the seconds to rest."""
        failure = failure_of(error)
        self.trouble = f"Slack gives no socket: {in_words(error)}"
        self.needs_person = failure not in PASSING
        log.warning("socket_refused", error=in_words(error), needs_person=self.needs_person)
        return retry_after(error) if failure is Failure.RATE_LIMITED else 0.0

    def _close(self, client: _Client) -> None:
        """Start to close a socket. What it still has to say goes out first."""
        if client not in self._open:
            return
        self._open.remove(client)
        task = asyncio.create_task(client.close_when_idle())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _no_room_beside(current: _Client, fresh: _Client) -> bool:
    """Whether a new socket was one too many only because the one before it still stands."""
    return fresh.reason == _NO_ROOM and current.usable

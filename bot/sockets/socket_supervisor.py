"""A place that always has a Socket Mode connection, one after the other.

The SDK alone replaces a socket that was cut seconds later: here at once. While it fails to connect
it goes on with an address that is long spent, and never gives a hopeless connection up.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic

import structlog
from slack_bolt.async_app import AsyncApp

from bot.sockets.socket_client import SocketClient
from workspace.sending.slack_failure import TRANSIENT, classify, describe, retry_delay

MAX_SOCKETS_WITH_STANDBY = 3
"""Sockets of the app, all copies of the bot together, beyond which nobody keeps a spare."""
STANDBY_RECHECK_SECONDS = 600.0
"""After which a spare, or the lack of one, is thought over: Slack tells the count at the start of a
socket alone, and gives few addresses a minute."""
STANDBY_FIRST_RECHECK_SECONDS = 45.0
"""The same for the first spare: replicas are mostly started together."""
_LOOK_SECONDS = 0.2
_SHORT_LIFE = 10.0
"""Seconds; a socket that lives less long is not replaced at once again and again."""
_LONGEST_PAUSE = 30.0
_CONNECTING_LOOK_SECONDS = 0.02
_RENEW_ADDRESS_AFTER = 4.0
"""Seconds without a connection; an address is good for one use and a short while."""
_REBUILD_AFTER = 30.0
_PERMANENT_RETRY_SECONDS = 15.0
_TOLERATED_REJECTIONS = 2
"""Sockets in a row that find no room before it is a person's matter: a spare that another copy of
the bot tries, or a copy that is on its way out, is gone sooner."""
_TOO_MANY_SOCKETS = "too_many_websockets"
_PERMANENT = {
    "link_disabled": "Socket Mode is switched off in the app's settings at api.slack.com/apps",
    _TOO_MANY_SOCKETS: "the app has more than ten sockets open; stop other copies of the bot",
}
"""Reasons of Slack's for closing a socket that only a person can mend."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class SocketSupervisor:
    """`address` is used up by the first socket. `on_reset` is told how each was mended.

    `others` are all open sockets of the bot.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        on_reset: Callable[[str], None],
        others: Callable[[], Iterable[SocketClient]],
        address: str = "",
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._others = others
        self._on_reset = on_reset
        self._address = address
        self._current: SocketClient | None = None
        self._open: set[SocketClient] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._backoff = 0.0
        self._rejections = 0
        self.problem = ""
        """Why the last attempt came to nothing, or the last socket was taken away."""
        self.needs_operator = False
        """Whether that will not pass by itself."""

    @property
    def open(self) -> Iterable[SocketClient]:
        """The sockets here that are not being closed."""
        return tuple(self._open)

    @property
    def connected(self) -> bool:
        return any(client.usable for client in self._open)

    async def run(self) -> None:
        """Keep a socket here until cancelled; `close` closes it."""
        while True:
            await self._replace()

    async def close(self) -> None:
        for client in self.open:
            self._close(client)
        await self._closed()

    async def _replace(self) -> None:
        """Open a socket while the one before it still stands, and stay with it until it ends."""
        fresh = self._new_client()
        connected = await self._connect(fresh)
        if await self._released(fresh):
            return
        if connected:
            self._close(self._current)
            self._current = fresh
            await self._pause(fresh, lived=await self._watch(fresh))
        else:
            self._close(fresh)
            await self._retry_or_yield(fresh)

    async def _released(self, fresh: SocketClient) -> bool:  # noqa: ARG002 - a spare looks at it
        """Whether the socket was not needed, and a time without one is over."""
        return False

    async def _retry_or_yield(self, fresh: SocketClient) -> None:
        """Where the old socket alone takes the room of the new one, it goes first."""
        if fresh.reason == _TOO_MANY_SOCKETS and self._current is not None and self._current.usable:
            self._close(self._current)
            await self._closed()
        else:
            await self._pause(fresh, lived=0.0)

    def _new_client(self) -> SocketClient:
        client = SocketClient(self._app, self._app_token, self._others)
        if self._address:
            client.use_address(self._address)
            self._address = ""
        self._open.add(client)
        return client

    async def _connect(self, client: SocketClient) -> bool:
        """Open a socket, while the one before it still stands."""
        connecting = asyncio.create_task(client.connect())  # type: ignore[no-untyped-call]
        try:
            return await self._wait_until_connected(client, connecting)
        finally:
            connecting.cancel()

    async def _wait_until_connected(
        self, client: SocketClient, connecting: "asyncio.Task[None]"
    ) -> bool:
        """Help a client that goes on with a spent address; give it up when that does not help."""
        started = renewed_at = monotonic()
        while not client.usable:
            lost = connecting.done() and not await client.is_connected()
            lost = lost or client.hello_received.is_set()
            if client.open_error is not None or client.disconnect_requested.is_set() or lost:
                return False
            now = monotonic()
            if now - started > _REBUILD_AFTER:
                self.needs_operator = False
                self.problem = f"no connection within {_REBUILD_AFTER:g} s"
                self._on_reset("timed_out")
                log.warning("socket_connect_timed_out", down_seconds=round(now - started))
                return False
            if now - renewed_at > _RENEW_ADDRESS_AFTER:
                client.wss_uri = None
                renewed_at = now
                self._on_reset("url_refreshed")
                log.warning("socket_url_refreshed", down_seconds=round(now - started))
            with suppress(TimeoutError):
                async with asyncio.timeout(_CONNECTING_LOOK_SECONDS):
                    await client.hello_received.wait()
        self.problem, self.needs_operator = "", False
        return True

    async def _watch(self, client: SocketClient) -> float:
        """Return when Slack asks to leave it, or when it is lost. Gives the seconds it lived."""
        started = monotonic()
        while not client.disconnect_requested.is_set() and await client.is_connected():
            if monotonic() - started > self._longest_life():
                return monotonic() - started
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await client.disconnect_requested.wait()
        if not client.disconnect_requested.is_set():
            self._close(client)
            self.problem = "the connection was lost"
            self._on_reset("lost")
            log.warning("socket_lost")
        return monotonic() - started

    def _longest_life(self) -> float:
        """Seconds after which a socket is thought over."""
        return float("inf")

    async def _pause(self, client: SocketClient, *, lived: float) -> None:
        """Do not hammer a Slack that will not have us."""
        asked = self._note_ending(client)
        if lived > _SHORT_LIFE:
            self._backoff = 0.0
        else:
            self._backoff = min(self._backoff * 2 + 0.5, _LONGEST_PAUSE)
        seconds = (
            max(self._backoff, _PERMANENT_RETRY_SECONDS) if self.needs_operator else self._backoff
        )
        spread = random.uniform(0.5, 1.0)  # noqa: S311 - only spreads load
        await asyncio.sleep(max(seconds * spread, asked + spread if asked else 0.0))

    def _note_ending(self, client: SocketClient) -> float:
        """Note why Slack took a socket away, or gave none. Gives the seconds that it asks for."""
        self._rejections = self._rejections + 1 if client.reason == _TOO_MANY_SOCKETS else 0
        if hopeless := _PERMANENT.get(client.reason, ""):
            self._close(client)
            self.problem = hopeless
            self.needs_operator = not 0 < self._rejections <= _TOLERATED_REJECTIONS
            if self.needs_operator:
                log.error("socket_reconnect_blocked", reason=hopeless)
        elif client.open_error is not None:
            return self._note_refusal(client.open_error)
        return 0.0

    def _note_refusal(self, error: Exception) -> float:
        failure = classify(error)
        self.problem = f"Slack gives no socket: {describe(error)}"
        self.needs_operator = failure not in TRANSIENT
        log.warning("socket_open_failed", error=describe(error), needs_operator=self.needs_operator)
        return retry_delay(error)

    def _close(self, client: SocketClient | None) -> None:
        """Start to close a socket that is open. What Slack still sends on it is acked."""
        if client is None or client not in self._open:
            return
        self._open.remove(client)
        task = asyncio.create_task(client.close_gracefully())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _closed(self) -> None:
        await asyncio.gather(*self._closing, return_exceptions=True)


class StandbySupervisor(SocketSupervisor):
    """A place that has a socket only while the app has room, and few others."""

    _rechecked = False

    async def _released(self, fresh: SocketClient) -> bool:
        self._rechecked = self._rechecked or self._current is not None
        others = fresh.app_connections - (self._current in self._open)
        if fresh.reason != _TOO_MANY_SOCKETS and not (
            fresh.usable and others > MAX_SOCKETS_WITH_STANDBY
        ):
            return False
        self._close(fresh)
        self._close(self._current)
        log.info("standby_socket_released", app_connection_count=fresh.app_connections)
        await asyncio.sleep(STANDBY_RECHECK_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311
        return True

    def _longest_life(self) -> float:
        return STANDBY_RECHECK_SECONDS if self._rechecked else STANDBY_FIRST_RECHECK_SECONDS

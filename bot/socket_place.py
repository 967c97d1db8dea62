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

from bot.socket_client import Client
from workspace.slack_failure import PASSING, failure_of, in_words, rest_asked

ENOUGH = 3
"""Sockets of the app, all copies of the bot together, beyond which nobody keeps a spare."""
SPARE_SECONDS = 600.0
"""After which a spare, or the lack of one, is thought over: Slack tells the count at the start of a
socket alone, and gives few addresses a minute."""
SOON_SECONDS = 45.0
"""The same for the first spare: replicas are mostly started together."""
_LOOK_SECONDS = 0.2
_SHORT_LIFE = 10.0
"""Seconds; a socket that lives less long is not replaced at once again and again."""
_LONGEST_PAUSE = 30.0
_CONNECTING_LOOK_SECONDS = 0.02
_RENEW_ADDRESS_AFTER = 4.0
"""Seconds without a connection; an address is good for one use and a short while."""
_REBUILD_AFTER = 30.0
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


class Place:
    """`address` is used up by the first socket. `on_reset` is told how each was mended.

    `others` are all open sockets of the bot.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        on_reset: Callable[[str], None],
        others: Callable[[], Iterable[Client]],
        address: str = "",
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._others = others
        self._on_reset = on_reset
        self._address = address
        self._current: Client | None = None
        self._open: set[Client] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._backoff = 0.0
        self._turned_away = 0
        self.trouble = ""
        """Why the last attempt came to nothing, or the last socket was taken away."""
        self.needs_person = False
        """Whether that will not pass by itself."""

    @property
    def open(self) -> Iterable[Client]:
        """The sockets here that are not being closed."""
        return tuple(self._open)

    @property
    def connected(self) -> bool:
        return any(client.usable for client in self._open)

    async def run(self) -> None:
        """Keep a socket here until cancelled; `close` closes it."""
        while True:
            await self._fill()

    async def close(self) -> None:
        for client in self.open:
            self._close(client)
        await self._closed()

    async def _fill(self) -> None:
        """Open a socket while the one before it still stands, and stay with it until it ends."""
        fresh = self._new_client()
        connected = await self._connect(fresh)
        if await self._done_without(fresh):
            return
        if connected:
            self._close(self._current)
            self._current = fresh
            await self._pause(fresh, lived=await self._watch(fresh))
        else:
            self._close(fresh)
            await self._make_way(fresh)

    async def _done_without(self, fresh: Client) -> bool:  # noqa: ARG002 - a spare looks at it
        """Whether the socket was not needed, and a time without one is over."""
        return False

    async def _make_way(self, fresh: Client) -> None:
        """Where the old socket alone takes the room of the new one, it goes first."""
        if fresh.reason == _NO_ROOM and self._current is not None and self._current.usable:
            self._close(self._current)
            await self._closed()
        else:
            await self._pause(fresh, lived=0.0)

    def _new_client(self) -> Client:
        client = Client(self._app, self._app_token, self._others)
        if self._address:
            client.use_address(self._address)
            self._address = ""
        self._open.add(client)
        return client

    async def _connect(self, client: Client) -> bool:
        """Open a socket, while the one before it still stands."""
        connecting = asyncio.create_task(client.connect())  # type: ignore[no-untyped-call]
        try:
            return await self._wait_until_connected(client, connecting)
        finally:
            connecting.cancel()

    async def _wait_until_connected(self, client: Client, connecting: "asyncio.Task[None]") -> bool:
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

    async def _watch(self, client: Client) -> float:
        """Return when Slack asks to leave it, or when it is lost. Gives the seconds it lived."""
        started = monotonic()
        while not client.leave.is_set() and await client.is_connected():
            if monotonic() - started > self._longest_life():
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

    def _longest_life(self) -> float:
        """Seconds after which a socket is thought over."""
        return float("inf")

    async def _pause(self, client: Client, *, lived: float) -> None:
        """Do not hammer a Slack that will not have us."""
        asked = self._note_ending(client)
        if lived > _SHORT_LIFE:
            self._backoff = 0.0
        else:
            self._backoff = min(self._backoff * 2 + 0.5, _LONGEST_PAUSE)
        seconds = max(self._backoff, _HOPELESS_SECONDS) if self.needs_person else self._backoff
        spread = random.uniform(0.5, 1.0)  # noqa: S311 - only spreads load
        await asyncio.sleep(max(seconds * spread, asked + spread if asked else 0.0))

    def _note_ending(self, client: Client) -> float:
        """Note why Slack took a socket away, or gave none. Gives the seconds that it asks for."""
        self._turned_away = self._turned_away + 1 if client.reason == _NO_ROOM else 0
        if hopeless := _HOPELESS.get(client.reason, ""):
            self._close(client)
            self.trouble = hopeless
            self.needs_person = not 0 < self._turned_away <= _TURNED_AWAY_IN_PASSING
            if self.needs_person:
                log.error("socket_hopeless", trouble=hopeless)
        elif client.refusal is not None:
            return self._note_refusal(client.refusal)
        return 0.0

    def _note_refusal(self, error: Exception) -> float:
        failure = failure_of(error)
        self.trouble = f"Slack gives no socket: {in_words(error)}"
        self.needs_person = failure not in PASSING
        log.warning("socket_refused", error=in_words(error), needs_person=self.needs_person)
        return rest_asked(error)

    def _close(self, client: Client | None) -> None:
        """Start to close a socket that is open. What Slack still sends on it is acked."""
        if client is None or client not in self._open:
            return
        self._open.remove(client)
        task = asyncio.create_task(client.close_gracefully())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _closed(self) -> None:
        await asyncio.gather(*self._closing, return_exceptions=True)


class Spare(Place):
    """A place that has a socket only while the app has room, and few others."""

    _thought_over = False

    async def _done_without(self, fresh: Client) -> bool:
        self._thought_over = self._thought_over or self._current is not None
        others = fresh.of_app - (self._current in self._open)
        if fresh.reason != _NO_ROOM and not (fresh.usable and others > ENOUGH):
            return False
        self._close(fresh)
        self._close(self._current)
        log.info("socket_spared", sockets_of_app=fresh.of_app)
        await asyncio.sleep(SPARE_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311
        return True

    def _longest_life(self) -> float:
        return SPARE_SECONDS if self._thought_over else SOON_SECONDS

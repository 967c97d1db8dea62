"""Supervision of one Socket Mode connection: the loop that replaces it before it ends.

The SDK takes seconds to replace a lost socket, reuses a URL that Slack accepts only once, and
retries forever. A supervisor therefore opens each socket with a new SDK client:

1. It opens the new socket while the old one still receives, so no command finds the app without a
   socket. Slack delivers each envelope to only one of them.
2. Once Slack sends hello on the new socket, it closes the old one gracefully (`socket_client`).
3. It watches the new socket until Slack requests a disconnect or the connection is lost.

A socket that lived for a while is replaced at once; after short-lived ones the delay grows. If the
app has no free socket for the replacement, the old socket closes first.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic

import structlog
from slack_bolt.async_app import AsyncApp

from bot.sockets.socket_client import SocketClient
from bot.sockets.socket_failure import (
    TOO_MANY_SOCKETS,
    SocketFailure,
    disconnect_failure,
    open_failure,
)
from workspace.backoff import Backoff
from workspace.sending.slack_failure import describe, retry_delay

_BACKOFF = Backoff(first=0.5, longest=30.0)
_SHORT_LIFE = 10.0
"""Seconds; a socket that ends earlier counts as a failed attempt."""
_PERMANENT_RETRY_SECONDS = 15.0
"""Minimal delay while only an operator can repair the failure."""
_WATCH_INTERVAL = 0.2
_CONNECT_INTERVAL = 0.02
_URL_SECONDS = 4.0
"""After this time without a connection the client gets a new URL: each works once and expires."""
_CONNECT_TIMEOUT = 30.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class SocketSupervisor:
    """Keeps one Socket Mode connection open.

    `first_url` is for the first socket. `others` returns all open sockets of the bot, and
    `on_reset` counts replacements by kind.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        on_reset: Callable[[str], None],
        others: Callable[[], Iterable[SocketClient]],
        first_url: str = "",
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._others = others
        self._on_reset = on_reset
        self._first_url = first_url
        self._current: SocketClient | None = None
        self._open: set[SocketClient] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._attempt = 0
        """Attempts in a row whose socket didn't open, or ended early."""
        self._rejections = 0
        self.failure: SocketFailure | None = None
        """Failure of the last attempt or socket; None while a socket is connected."""

    @property
    def open(self) -> Iterable[SocketClient]:
        """Sockets that aren't being closed."""
        return tuple(self._open)

    @property
    def connected(self) -> bool:
        return any(client.usable for client in self._open)

    async def run(self) -> None:
        """Keep a socket open until cancelled. `close` closes it."""
        while True:
            await self._replace()

    async def close(self) -> None:
        for client in self.open:
            self._close(client)
        await self._wait_for_closing()

    async def _replace(self) -> None:
        """Open a new socket before closing the current one, and watch it until it ends."""
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

    async def _released(self, fresh: SocketClient) -> bool:  # noqa: ARG002 - for the standby
        """Return whether the socket wasn't needed, and a period without one has passed."""
        return False

    async def _retry_or_yield(self, fresh: SocketClient) -> None:
        """Close the current socket first if it leaves no free socket for the new one."""
        if fresh.reason == TOO_MANY_SOCKETS and self._current is not None and self._current.usable:
            self._close(self._current)
            await self._wait_for_closing()
        else:
            await self._pause(fresh, lived=0.0)

    def _new_client(self) -> SocketClient:
        client = SocketClient(self._app, self._app_token, self._others)
        if self._first_url:
            client.use_url(self._first_url)
            self._first_url = ""
        self._open.add(client)
        return client

    async def _connect(self, client: SocketClient) -> bool:
        """Connect, and return whether Slack sent hello."""
        connecting = asyncio.create_task(client.connect())  # type: ignore[no-untyped-call]
        try:
            return await self._wait_until_connected(client, connecting)
        finally:
            connecting.cancel()

    async def _wait_until_connected(
        self, client: SocketClient, connecting: "asyncio.Task[None]"
    ) -> bool:
        """Wait for hello, and replace the client's URL when it has probably expired."""
        started = url_since = monotonic()
        while not client.usable:
            if await _has_failed(client, connecting):
                return False
            now = monotonic()
            if now - started > _CONNECT_TIMEOUT:
                self._note_timeout(down_seconds=round(now - started))
                return False
            if now - url_since > _URL_SECONDS:
                client.wss_uri, url_since = None, now
                self._on_reset("url_refreshed")
                log.warning("socket_url_refreshed", down_seconds=round(now - started))
            await _wait(client.hello_received, _CONNECT_INTERVAL)
        self.failure = None
        return True

    def _note_timeout(self, *, down_seconds: int) -> None:
        self.failure = SocketFailure(f"no connection within {_CONNECT_TIMEOUT:g} s")
        self._on_reset("timed_out")
        log.warning("socket_connect_timed_out", down_seconds=down_seconds)

    async def _watch(self, client: SocketClient) -> float:
        """Wait until Slack requests a disconnect or the connection is lost.

        Return the seconds that the socket lived.
        """
        started = monotonic()
        while not client.disconnect_requested.is_set() and await client.is_connected():
            if monotonic() - started > self._recheck_seconds():
                return monotonic() - started
            await _wait(client.disconnect_requested, _WATCH_INTERVAL)
        if not client.disconnect_requested.is_set():
            self._close(client)
            self.failure = SocketFailure("the connection was lost")
            self._on_reset("lost")
            log.warning("socket_lost")
        return monotonic() - started

    def _recheck_seconds(self) -> float:
        """Return the lifetime after which `_released` decides again about the socket."""
        return float("inf")

    async def _pause(self, client: SocketClient, *, lived: float) -> None:
        """Wait before the next attempt, at least for the seconds that Slack requires."""
        retry_after = self._note_failure(client)
        self._attempt = 0 if lived > _SHORT_LIFE else self._attempt + 1
        delay = _BACKOFF.delay(self._attempt) if self._attempt else 0.0
        spread = random.uniform(0.5, 1.0)  # noqa: S311 - only spreads load
        if self.failure is not None and self.failure.needs_operator:
            delay = max(delay, _PERMANENT_RETRY_SECONDS * spread)
        await asyncio.sleep(max(delay, retry_after + spread if retry_after else 0.0))

    def _note_failure(self, client: SocketClient) -> float:
        """Record why the socket ended or didn't open, and return Slack's Retry-After."""
        self._rejections = self._rejections + 1 if client.reason == TOO_MANY_SOCKETS else 0
        if failure := disconnect_failure(client.reason, rejections=self._rejections):
            self._close(client)
            self.failure = failure
            if failure.needs_operator:
                log.error("socket_reconnect_blocked", reason=client.reason, hint=failure.text)
        elif (error := client.open_error) is not None:
            self.failure = open_failure(error)
            log.warning(
                "socket_open_failed",
                error=describe(error),
                needs_operator=self.failure.needs_operator,
            )
            return retry_delay(error)
        return 0.0

    def _close(self, client: SocketClient | None) -> None:
        """Start to close a socket. The client still acks envelopes that arrive until then."""
        if client is None or client not in self._open:
            return
        self._open.remove(client)
        task = asyncio.create_task(client.close_gracefully())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _wait_for_closing(self) -> None:
        await asyncio.gather(*self._closing, return_exceptions=True)


async def _has_failed(client: SocketClient, connecting: "asyncio.Task[None]") -> bool:
    """Return whether this attempt can't lead to a usable socket any more."""
    lost = connecting.done() and not await client.is_connected()
    ended = lost or client.hello_received.is_set() or client.disconnect_requested.is_set()
    return ended or client.open_error is not None


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event or a timeout. The SDK has no event for a lost connection."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()

"""One Socket Mode connection: the SDK's client, except that its owner decides what to do.

Asked by Slack to leave, the SDK closes the old socket before it has a new one, and loses what
arrives in between. When it closes a socket it drops what Slack sent before it heard of that. When
Slack refuses an address it says so in a traceback alone, and asks again at once.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import time
from typing import Any

import structlog
from aiohttp import ClientSession, WSCloseCode, WSMessage, WSMsgType
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from commands.interactions.envelope import envelope
from teleport_client.transport.http_proxy import proxy_for_url
from teleport_client.transport.no_redirects import no_redirects
from workspace.sending.slack_failure import SLACK_ERRORS

PING_SECONDS = 5.0
"""Four pings that nothing answers, and the line counts as lost."""
_ACK_SECONDS = 3.0
"""Slack takes no ack later."""
_CLOSE_SECONDS = 1.0
"""How long Slack may take to answer that a socket is closed."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class SocketClient(SocketModeClient):
    """Its owner opens it with `connect`, looks at the values below, and closes it.

    `others` are the app's sockets that an ack can take where this one is closed.
    """

    def __init__(
        self, app: AsyncApp, app_token: str, others: Callable[[], Iterable["SocketClient"]] = tuple
    ) -> None:
        super().__init__(
            app_token,
            logger=app.logger,
            web_client=app.client,
            ping_interval=PING_SECONDS,
            auto_reconnect_enabled=False,
        )
        # The SDK's own session follows redirects; it has opened no connection yet.
        self.aiohttp_client_session.detach()
        self.aiohttp_client_session = ClientSession(trace_configs=[no_redirects()])
        self.hello_received = asyncio.Event()
        """Slack said hello."""
        self.disconnect_requested = asyncio.Event()
        self.app_connections = 0
        """Sockets that the app had with this one when it began."""
        self.reason = ""
        """Slack's word for letting this socket go."""
        self.open_error: Exception | None = None
        """Why Slack gives no address; one of SLACK_ERRORS."""
        self._app = app
        self._others = others
        self._handling: set[asyncio.Task[None]] = set()
        self._closing = False
        self._closed_by_slack = asyncio.Event()
        self.on_close_listeners.append(self._note_close)

    @property
    def usable(self) -> bool:
        """Whether Slack has greeted us and the line still stands."""
        session = self.current_session
        stands = not self.closed and session is not None and not session.closed
        return self.hello_received.is_set() and stands and not self._closing

    def use_address(self, url: str) -> None:
        """Connect to this address next, through the HTTP proxy for its host.

        The SDK chooses one proxy for all hosts and knows nothing of NO_PROXY.
        """
        self.wss_uri, self.proxy = url, proxy_for_url(url)

    async def issue_new_wss_url(self) -> str:
        """Ask for an address; refused, wait to be given up.

        The SDK logs a traceback instead and asks again, whatever the reason.
        """
        try:
            opened = await self.web_client.apps_connections_open(app_token=str(self.app_token))
            self.use_address(str(opened["url"]))
            return str(self.wss_uri)
        except SLACK_ERRORS as error:
            self.open_error = error
            await asyncio.Event().wait()
            raise

    async def close_gracefully(self) -> None:
        """Close it, and handle and ack every envelope that Slack sends before it hears of that.

        The acks of these take another socket: after a close frame nothing may follow
        (RFC 6455, 5.5.1). Slack does not say whether it takes them there.
        """
        await self._finish_handling()
        await self._say_goodbye()
        await self._finish_handling()
        # Where Slack has not answered, the SDK would wait for it.
        await self.aiohttp_client_session.close()
        await self.close()  # type: ignore[no-untyped-call]

    async def enqueue_message(self, message: str) -> None:
        """Handle a frame as it comes; the SDK's queue would hide what is still to be handled."""
        frame: dict[str, Any] = json.loads(message) if message.startswith("{") else {}
        if frame.get("type") == "hello":
            self.app_connections = int(frame.get("num_connections") or 0)
            self.hello_received.set()
            log.info("socket_connected", app_connection_count=self.app_connections)
        elif frame.get("type") == "disconnect":
            self.reason = str(frame.get("reason", ""))
            self.disconnect_requested.set()
            log.info("socket_disconnect_requested", reason=self.reason)
        elif request := SocketModeRequest.from_dict(frame):
            task = asyncio.create_task(self._handle(request))
            self._handling.add(task)
            task.add_done_callback(self._handling.discard)

    async def send_message(self, message: str) -> None:
        """Send it on this socket or, where it is closed, on another one. Raises ConnectionError."""
        for client in (self, *self._others()):
            session = client.current_session
            if session is not None and client.usable:
                with suppress(ConnectionError):
                    await session.send_str(message)
                    return
        raise ConnectionError("no socket is open")

    async def _finish_handling(self) -> None:
        if self._handling:
            await asyncio.wait(self._handling, timeout=_ACK_SECONDS)

    async def _say_goodbye(self) -> None:
        """Send a close frame and receive until Slack answers it."""
        session = self.current_session
        if session is None or not self.usable:
            return
        self._closing = True
        with suppress(ConnectionError, TimeoutError):
            await session.send_frame(WSCloseCode.OK.to_bytes(2, "big"), WSMsgType.CLOSE)
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._closed_by_slack.wait()

    async def _note_close(self, _frame: WSMessage) -> None:
        self._closed_by_slack.set()

    async def _handle(self, request: SocketModeRequest) -> None:
        with envelope():
            response = await run_async_bolt_app(self._app, request)
            await self._acknowledge(request, response)

    async def _acknowledge(self, request: SocketModeRequest, response: BoltResponse) -> None:
        """Where the line is lost, Slack tells the person that nothing came of it; work goes on."""
        try:
            await send_async_response(self, request, response, time())
        except ConnectionError as error:
            log.warning("ack_send_failed", error=str(error))

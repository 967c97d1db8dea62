"""One Socket Mode connection: the SDK's client, but its owner decides when it connects and closes.

The SDK's client differs in three ways from the bot's needs:

- At Slack's disconnect message it closes the old socket before a new one is open, and drops frames
  that arrive in between. Here, the owner opens another client first.
- When it closes, it drops envelopes that Slack sent before Slack received the close frame. Here,
  these are handled too. Their acks go over another socket, because no frame may follow a close
  frame (RFC 6455, 5.5.1). Slack doesn't document whether it accepts them there.
- When Slack returns no URL, it only logs a traceback and asks again at once. Here, the error is in
  `open_error`, and the client waits to be closed.

tests/unit/bot/test_slack_library_methods.py detects changed signatures of the overridden methods.
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
"""After four unanswered pings the SDK reports the connection as lost."""
_ACK_SECONDS = 3.0
"""Slack accepts no later ack."""
_CLOSE_SECONDS = 1.0
"""Limit for Slack's answer to a close frame."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class SocketClient(SocketModeClient):
    """Socket whose owner calls `connect`, reads the attributes below, and closes it.

    `others` returns the app's other sockets, which can send acks after this one has closed.
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
        # The SDK's own session follows redirects. It has no open connection yet.
        self.aiohttp_client_session.detach()
        self.aiohttp_client_session = ClientSession(trace_configs=[no_redirects()])
        self.hello_received = asyncio.Event()
        self.disconnect_requested = asyncio.Event()
        self.app_connections = 0
        """The app's sockets when this one opened, this one included."""
        self.reason = ""
        """Slack's reason for the disconnect."""
        self.open_error: Exception | None = None
        """One of SLACK_ERRORS, if Slack returned no URL."""
        self._app = app
        self._others = others
        self._handling: set[asyncio.Task[None]] = set()
        self._closing = False
        self._closed_by_slack = asyncio.Event()
        self.on_close_listeners.append(self._note_close)

    @property
    def usable(self) -> bool:
        """Whether Slack sent hello and the connection is still open."""
        session = self.current_session
        is_open = not self.closed and session is not None and not session.closed
        return self.hello_received.is_set() and is_open and not self._closing

    def use_url(self, url: str) -> None:
        """Set the URL to connect to, and the HTTP proxy for its host.

        The SDK uses one proxy for all hosts and ignores NO_PROXY.
        """
        self.wss_uri, self.proxy = url, proxy_for_url(url)

    async def issue_new_wss_url(self) -> str:
        """Request a URL. After an error, wait until the owner closes the client."""
        try:
            opened = await self.web_client.apps_connections_open(app_token=str(self.app_token))
            self.use_url(str(opened["url"]))
            return str(self.wss_uri)
        except SLACK_ERRORS as error:
            self.open_error = error
            await asyncio.Event().wait()
            raise

    async def close_gracefully(self) -> None:
        """Close the socket, and handle every envelope that Slack sends until it has closed, too."""
        await self._finish_handling()
        await self._send_close_frame()
        await self._finish_handling()
        # The SDK would wait for Slack's close frame without a limit.
        await self.aiohttp_client_session.close()
        await self.close()  # type: ignore[no-untyped-call]

    async def enqueue_message(self, message: str) -> None:
        """Handle a frame at once; the SDK's queue would hide frames that aren't handled yet."""
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
        """Send over this socket or, if it has closed, over another. Raises ConnectionError."""
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

    async def _send_close_frame(self) -> None:
        """Send a close frame, and receive until Slack sends its own."""
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
        """Send the ack. Without it, Slack shows an error to the user; the handler still runs."""
        try:
            await send_async_response(self, request, response, time())
        except ConnectionError as error:
            log.warning("ack_send_failed", error=str(error))

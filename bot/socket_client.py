"""One Socket Mode connection: the SDK's client, except that its owner decides what to do.

Asked by Slack to leave, the SDK closes the old socket before it has a new one, and loses what
arrives in between. When Slack refuses an address it says so in a traceback alone, and asks again at
once.
"""

import asyncio
import json
from contextlib import suppress
from time import time

import structlog
from aiohttp import ClientSession, WSMessage
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from commands.envelope import envelope
from teleport_client.http_proxy import proxy_for_url
from teleport_client.no_redirects import no_redirects
from workspace.slack_failure import SLACK_ERRORS

PING_SECONDS = 5.0
"""Four pings that nothing answers, and the line counts as lost."""
_LINGER_SECONDS = 3.0
"""How long a socket that is left may still bring its last acks home: Slack takes none later."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Client(SocketModeClient):
    """Its owner opens it with `connect`, looks at the values below, and closes it."""

    def __init__(self, app: AsyncApp, app_token: str) -> None:
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

"""Rows about Socket Mode: open a connection, read Slack's hello, and close it.

Doctor closes it at once, since Slack may deliver a user's command to any open socket of the app.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.connect.slack_connection import (
    Installation,
    first_socket_url,
    hint_for,
    is_transient,
)
from bot.setup.doctor.check import (
    Check,
    failure,
    ok,
    start_failure,
    unavailable,
    unknown,
    warning,
)
from bot.start_error import StartError
from teleport_client.transport.http_proxy import proxy_for_url
from workspace.sending.slack_failure import SLACK_ERRORS, describe

_ROW = "slack sockets"
_MOST_SOCKETS = 10
"""Of one app (docs.slack.dev/apis/events-api/using-socket-mode)."""
_DISABLED = "link_disabled"
_NO_ROOM = "too_many_websockets"
_NEVER = "Slack closed it without a reason"


@dataclass(frozen=True, slots=True)
class Greeting:
    """Slack's first message on a socket: hello with the app's ID, or a reason to disconnect."""

    app: str = ""
    sockets: int = 0
    reason: str = ""

    @property
    def hello(self) -> bool:
        return not self.reason


async def rows(
    slack: AsyncWebClient,
    http: aiohttp.ClientSession,
    installation: Installation,
    app_token: str,
    *,
    deadline_at: float,
) -> AsyncIterator[Check]:
    """Open a socket until `deadline_at` of the monotonic clock, as the bot does."""
    if not app_token:
        yield ok(_ROW, "no app token; notifications only")
        return
    try:
        address = await first_socket_url(slack, app_token, deadline_at=deadline_at)
    except StartError as error:
        yield start_failure(_ROW, error)
        return
    try:
        async with asyncio.timeout(max(1.0, deadline_at - monotonic())):
            greeting = await greeting_at(http, address)
    except SLACK_ERRORS as error:
        yield no_socket(address, error)
        return
    yield socket_row(address, greeting)
    if greeting.hello:
        yield await same_app(slack, installation, greeting.app)
        yield await responses(http, response_host(slack.base_url))
        yield unseen()


async def greeting_at(http: aiohttp.ClientSession, address: str) -> Greeting:
    """Open the socket at this address. Raises one of SLACK_ERRORS."""
    async with http.ws_connect(address, proxy=proxy_for_url(address)) as socket:
        async for frame in socket:
            message = _message(frame)
            if message.get("type") == "hello":
                app = (message.get("connection_info") or {}).get("app_id", "")
                return Greeting(str(app), int(message.get("num_connections") or 0))
            if message.get("type") == "disconnect":
                return Greeting(reason=str(message.get("reason") or _NEVER))
    return Greeting(reason=_NEVER)


def socket_row(address: str, greeting: Greeting) -> Check:
    host = _host(address)
    if greeting.hello:
        return ok(_ROW, f"open at {host}, {greeting.sockets} of {_MOST_SOCKETS} in use")
    if greeting.reason == _DISABLED:
        hint = "Turn it on in the app's settings at api.slack.com/apps."
        return failure(_ROW, "Socket Mode is off", hint)
    if greeting.reason == _NO_ROOM:
        detail = f"the app has {_MOST_SOCKETS} sockets open, Slack's limit"
        return unavailable(_ROW, detail, "Stop other copies of the bot that aren't needed.")
    return unavailable(_ROW, f"{host}: {greeting.reason}", "Run doctor again in a moment.")


def no_socket(address: str, error: Exception) -> Check:
    """Return the row for a failed connection. Sockets have a host of their own."""
    host = _host(address)
    detail = f"no socket at {host}: {describe(error)}"
    if is_transient(error):
        hint = f"Let connections to {host} through: a firewall or proxy may allow only slack.com."
        return unavailable(_ROW, detail, hint)
    return failure(_ROW, detail, hint_for(error))


async def same_app(slack: AsyncWebClient, installation: Installation, app: str) -> Check:
    """Compare the app of the socket with the one of the bot's token (bots.info)."""
    name = "slack app"
    try:
        answer = await slack.bots_info(bot=installation.bot_id)
    except SLACK_ERRORS as error:
        hint = "Make sure that both tokens belong to the same app."
        return unknown(name, f"can't read the app of slack.token: {describe(error)}", hint)
    of_token = str((answer.get("bot") or {}).get("app_id") or "")
    if app and of_token and app != of_token:
        detail = f"slack.token belongs to the app {of_token}, and slack.app_token to {app}"
        return failure(name, detail, "Copy both tokens from the same app at api.slack.com/apps.")
    return ok(name, f"both tokens belong to {of_token or app}")


def response_host(apiurl: str) -> str:
    """Return the URL of the host of private responses (response_url). It isn't the API's host."""
    parts = urlsplit(apiurl)
    on_slack = parts.hostname == "slack.com"
    return "https://hooks.slack.com/" if on_slack else f"{parts.scheme}://{parts.netloc}/"


async def responses(http: aiohttp.ClientSession, url: str) -> Check:
    """Connect to that host. Any response to a GET shows that it can be reached."""
    name, host = "slack responses", urlsplit(url).netloc
    try:
        async with http.get(url, proxy=proxy_for_url(url), allow_redirects=False):
            return ok(name, f"{host} is reachable")
    except SLACK_ERRORS as error:
        detail = f"{describe(error)}; private responses arrive late, by chat.postEphemeral"
        return warning(name, detail, f"Let connections to {host} through.")


def unseen() -> Check:
    """Return a row for the app's features, which no method of Slack returns."""
    return unknown(
        "slack manifest",
        "Slack doesn't show commands, interactivity and the Home tab of the installed app",
        "Compare the app's manifest with the one that `teleport-chatops manifest` prints.",
    )


def _message(frame: aiohttp.WSMessage) -> dict[str, Any]:
    text = frame.data if isinstance(frame.data, str) else ""
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _host(address: str) -> str:
    return urlsplit(address).netloc

"""A Socket Mode connection: open one, read Slack's hello, close it.

It is closed at once, since Slack may deliver a user's command to any open socket of the app.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.connect.slack_connection import Installation, hint_for, is_transient
from bot.setup.doctor.check import Check, failure, ok, unavailable, unknown
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
    """Slack's first words on a socket: hello with the app's ID, or why it has to go."""

    app: str = ""
    sockets: int = 0
    reason: str = ""

    @property
    def hello(self) -> bool:
        return not self.reason


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
        hint = "Switch on Socket Mode in the app's settings at api.slack.com/apps."
        return failure(_ROW, "Socket Mode is switched off", hint)
    if greeting.reason == _NO_ROOM:
        detail = f"the app has {_MOST_SOCKETS} sockets open, which is all that Slack allows"
        return unavailable(_ROW, detail, "Stop other copies of the bot that aren't needed.")
    return unavailable(_ROW, f"{host}: {greeting.reason}", "Run doctor again in a moment.")


def no_socket(address: str, error: Exception) -> Check:
    """Sockets have a host of their own, which a proxy or firewall may hold back."""
    host = _host(address)
    detail = f"no socket at {host}: {describe(error)}"
    if is_transient(error):
        hint = f"Let connections to {host} through: a firewall or proxy may know slack.com alone."
        return unavailable(_ROW, detail, hint)
    return failure(_ROW, detail, hint_for(error))


async def same_app(slack: AsyncWebClient, installation: Installation, app: str) -> Check:
    """Compare the app of the socket with the one of the bot's token (bots.info)."""
    name = "slack app"
    try:
        answer = await slack.bots_info(bot=installation.bot_id)
    except SLACK_ERRORS as error:
        hint = "Make sure that both tokens are of the same app."
        return unknown(name, f"the app of slack.token can't be read: {describe(error)}", hint)
    of_token = str((answer.get("bot") or {}).get("app_id") or "")
    if app and of_token and app != of_token:
        detail = f"slack.token is of the app {of_token}, and slack.app_token of {app}"
        return failure(name, detail, "Copy both tokens from the same app at api.slack.com/apps.")
    return ok(name, f"both tokens are of {of_token or app}")


def unseen() -> Check:
    """Slack tells an app neither its commands nor whether interactivity is on."""
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

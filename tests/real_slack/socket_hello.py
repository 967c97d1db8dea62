"""Open a Socket Mode connection and wait for Slack's hello (docs.slack.dev/apis/events-api)."""

import asyncio
import json

import aiohttp

from tests.real_slack.recording import RecordingClient

_SECONDS = 10.0


class NoHelloError(Exception):
    """Slack opened no socket, or sent something other than hello."""


async def receive_hello(
    client: RecordingClient, http: aiohttp.ClientSession, app_token: str
) -> None:
    """Record the hello as a response. Raises NoHelloError, or one of SLACK_ERRORS."""
    opened = await client.apps_connections_open(app_token=app_token)
    try:
        async with (
            asyncio.timeout(_SECONDS),
            http.ws_connect(opened["url"], proxy=client.proxy) as socket,
        ):
            frame = json.loads(await socket.receive_str())
    except (TimeoutError, aiohttp.ClientError, TypeError, ValueError) as error:
        raise NoHelloError(f"no hello within {_SECONDS:g} s: {error!r}") from error
    client.keep("hello", {}, frame)
    if frame.get("type") != "hello":
        raise NoHelloError(f"the first frame is {frame.get('type')}")

"""An app that speaks the wire protocol itself, to see every frame."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.cast import APP_TOKEN
from sandbox.slack.server import SlackStandIn

Json = dict[str, Any]


class BareSocket:
    """One socket, frame by frame."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self.connection = connection

    async def frame(self) -> Json:
        frame: Json = await self.connection.receive_json(timeout=5)
        return frame

    async def envelope(self) -> Json:
        """Return the next envelope; pings come in between."""
        while (message := await self.connection.receive(timeout=5)).type is aiohttp.WSMsgType.PING:
            await self.connection.pong(message.data)
        envelope: Json = message.json()
        return envelope

    async def ack(self, envelope: Json, payload: Json | None = None) -> None:
        frame = {"envelope_id": envelope["envelope_id"]}
        await self.connection.send_json(frame if payload is None else {**frame, "payload": payload})


async def open_address(slack: SlackStandIn) -> str:
    """A fresh address for one socket."""
    client = AsyncWebClient(base_url=slack.api_url, retry_handlers=[])
    return str((await client.apps_connections_open(app_token=APP_TOKEN))["url"])


@asynccontextmanager
async def bare_socket(slack: SlackStandIn, address: str = "") -> AsyncIterator[BareSocket]:
    """A socket with an unread hello."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address or await open_address(slack), autoping=False) as connection,
    ):
        yield BareSocket(connection)

"""A running stand-in, the real client for its Web API, and a real Bolt app on a real socket."""

from collections.abc import AsyncIterator

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.cast import APP_TOKEN, BOT_TOKEN
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.clock import Clock


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    # slack_sdk takes a proxy from the environment even for a local address.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "SLACK_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[SlackStandIn]:
    stand_in = await SlackStandIn.start(now=clock, pace=Pace(unlimited=True))
    yield stand_in
    await stand_in.stop()


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    return AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
async def bolt(slack: SlackStandIn, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """An app that is connected; a test adds its listeners."""
    app = AsyncApp(client=client)
    handler = AsyncSocketModeHandler(app, APP_TOKEN)
    await handler.connect_async()  # type: ignore[no-untyped-call] # of slack_bolt
    await slack.socket_count(1)
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call] # of slack_bolt

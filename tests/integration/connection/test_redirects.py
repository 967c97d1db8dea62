"""HTTP redirects, which Slack never sends and the bot never follows."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.connect.slack_client import SlackClient, http_session
from bot.sockets.socket_client import SocketClient
from sandbox import cast
from sandbox.slack.server import SlackStandIn
from teleport_client.transport.no_redirects import RedirectRefused
from tests.integration.slack_driver import Stage
from workspace.sending.slack_failure import Failure, classify, describe


@dataclass
class Elsewhere:
    """Another host, which accepts every call."""

    url: str
    received: list[str] = field(default_factory=list)


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    async def receive(request: web.Request) -> web.Response:
        host.received.append(f"{request.method} {request.path} {await request.text()}")
        if request.path == "/redirect":
            return web.Response(status=307, headers={"Location": "/socket"})
        return web.json_response({"ok": True, "ts": "1.1", "channel": "C0ACCESS01"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receive)
    async with TestServer(app) as server:
        host = Elsewhere(str(server.make_url("/")))
        yield host


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["chat.postMessage", "apps.connections.open"])
async def test_redirected_call_has_an_uncertain_outcome(
    slack: SlackStandIn, elsewhere: Elsewhere, method: str, status: int
) -> None:
    """The target gets neither message nor token, and its response is ignored."""
    slack.faults.inject({"method": method, "status": status, "location": elsewhere.url})
    async with http_session() as http:
        client = SlackClient(base_url=slack.api_url, session=http, retry_handlers=[])
        with pytest.raises(RedirectRefused) as refused:
            await client.api_call(method, json={"text": "secret"})
    assert elsewhere.received == []
    assert classify(refused.value) is Failure.UNCERTAIN
    assert describe(refused.value) == (
        f"RedirectRefused: HTTP status {status}, a redirect to 127.0.0.1"
    )


@pytest.mark.parametrize("location", ["http://[", "http://[x]/"])
async def test_redirect_to_a_malformed_address_is_rejected(
    slack: SlackStandIn, location: str
) -> None:
    slack.faults.inject({"method": "auth.test", "status": 307, "location": location})
    async with http_session() as http:
        client = SlackClient(base_url=slack.api_url, session=http, retry_handlers=[])
        with pytest.raises(RedirectRefused):
            await client.auth_test()


async def test_redirect_without_a_target_leaves_the_outcome_open(slack: SlackStandIn) -> None:
    """Its body is ignored. The HTTP session doesn't reject such redirects."""
    slack.faults.inject({"method": "auth.test", "status": 300, "error": "invalid_auth"})
    async with http_session() as http:
        client = SlackClient(
            token=cast.BOT_TOKEN, base_url=slack.api_url, session=http, retry_handlers=[]
        )
        with pytest.raises(SlackApiError) as raised:
            await client.auth_test()
    assert classify(raised.value) is Failure.UNCERTAIN


async def test_redirected_socket_is_not_opened_elsewhere(elsewhere: Elsewhere) -> None:
    """The URL contains a ticket."""
    client = SocketClient(AsyncApp(token=cast.BOT_TOKEN), cast.APP_TOKEN)
    with pytest.raises(RedirectRefused):
        await client.aiohttp_client_session.ws_connect(f"{elsewhere.url}redirect?ticket=1")
    await client.close()  # type: ignore[no-untyped-call]
    assert elsewhere.received == ["GET /redirect "]


async def test_redirected_response_is_posted_as_an_ephemeral_message(
    stage: Stage, elsewhere: Elsewhere
) -> None:
    """The redirect comes from the response URL, with or without a target."""
    for fault in ({"status": 307, "location": elsewhere.url}, {"status": 300}):
        stage.slack.faults.inject({"method": "response_url", "times": 1, **fault})
        await stage.type("alice", "/teleport-pending mine")
        await stage.slack.call_where(lambda call: call.method == "chat.postEphemeral")
        stage.slack.journal.calls.clear()
    assert elsewhere.received == []

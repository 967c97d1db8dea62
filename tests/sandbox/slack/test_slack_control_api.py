"""The control API as scripts use it, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.control.control_api import Readiness
from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.blocks import actions, button

ACCESS = "C0ACCESS01"

Json = dict[str, Any]


class Script:
    """A script's access: get and post JSON."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str) -> Json:
        async with self._session.get(path) as answer:
            body: Json = await answer.json()
        return body

    async def post(self, path: str, body: object) -> tuple[int, Json]:
        async with self._session.post(path, json=body) as answer:
            return answer.status, await answer.json()

    async def text(self, path: str) -> tuple[str, Any]:
        async with self._session.get(path) as answer:
            assert answer.status == 200
            return await answer.text(), answer.headers


@pytest.fixture
async def script(slack: SlackStandIn) -> AsyncIterator[Script]:
    async with aiohttp.ClientSession(base_url=slack.url) as session:
        yield Script(session)


async def test_ready_once_the_app_is_there(slack: SlackStandIn, script: Script) -> None:
    """Without a socket the workspace is not ready."""
    assert await script.get("/sandbox/status") == {"ready": False, "sockets": 0}


async def test_ready_at_once_when_no_app_is_expected() -> None:
    """Started for no bot, it is ready as soon as it serves."""
    slack = await SlackStandIn.start(readiness=Readiness(bot=False))
    assert slack.control_api.status() == {"ready": True, "sockets": 0}
    await slack.stop()


async def test_click_over_http_returns_the_whole_outcome(
    slack: SlackStandIn, script: Script, bolt: AsyncApp, client: AsyncWebClient
) -> None:
    """A script sees a card, clicks it by its channel's name, and reads the journal."""

    @bolt.action("approve")
    async def approve(ack: AsyncAck, body: Json) -> None:
        await ack()
        where = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await client.chat_update(**where, text="approved")

    await client.chat_postMessage(
        channel=ACCESS, text="card", blocks=[actions(button("approve", value="7"))]
    )
    path = "/sandbox/channels/access-requests?as=bob"
    (card,) = (await script.get(path))["messages"]
    status, outcome = await script.post(
        "/sandbox/act",
        {
            "as": "bob",
            "do": "click",
            "channel": "access-requests",
            "ts": card["ts"],
            "action_id": "approve",
            "value": None,
        },
    )
    await slack.message_where("access-requests", "bob", lambda m: m["text"] == "approved")
    journal = await script.get("/sandbox/journal")
    assert (status, outcome["acked"]) == (200, True)
    assert set(outcome) == {"acked", "ack_ms", "error", "payload"}
    assert await script.get("/sandbox/status") == {"ready": True, "sockets": 1}
    assert [call["method"] for call in journal["calls"]][-1] == "chat.update"
    assert set(journal["calls"][0]) == {"ms", "method", "args", "status", "answer"}
    (envelope,) = journal["envelopes"]
    assert set(envelope) == {"sent_ms", "acked_ms", "type", "payload"}
    assert 0 < envelope["acked_ms"] - envelope["sent_ms"] < 3000


async def test_users_and_their_views(script: Script) -> None:
    """All users are listed with the fields for scripts. A user without views has empty lists."""
    people = {person["name"]: person for person in (await script.get("/sandbox/people"))["people"]}
    assert people["grace"]["standing"] == "guest"
    assert people["carol"] == {
        "id": "U0CAROL001",
        "name": "carol",
        "real_name": "Carol Clark",
        "standing": "member",
        "team_id": "T0SANDBOX1",
        "email": "carol@example.com",
        "tz": "Asia/Tokyo",
    }
    assert await script.get("/sandbox/people/carol/views") == {"modals": [], "home": None}


@pytest.mark.parametrize(
    ("viewer", "names"),
    [
        ("alice", {"access-requests", "general", "partners", "@alice"}),
        ("dana", {"access-requests", "general", "partners", "security", "@dana"}),
        ("ivan", {"partners", "@ivan"}),
    ],
)
async def test_users_see_their_channels(script: Script, viewer: str, names: set[str]) -> None:
    """Members see public channels, external users their shared one, and all only their own DMs."""
    seen = (await script.get(f"/sandbox/channels?as={viewer}"))["channels"]
    assert {channel["name"] for channel in seen} == names


async def test_dm_with_the_app_always_exists(script: Script) -> None:
    """A DM without messages is empty, not missing."""
    assert await script.get("/sandbox/channels/@alice?as=alice") == {"messages": []}
    assert await script.get("/sandbox/channels/@alice") == {"messages": []}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/act", {"as": "nobody", "do": "home"}),
        ("/sandbox/act", []),
        ("/sandbox/faults", {"sockets": "explode"}),
    ],
)
async def test_invalid_request_returns_its_reason(script: Script, path: str, body: object) -> None:
    """A script's mistake is a 400 with a sentence."""
    status, answer = await script.post(path, body)
    assert status == 400
    assert answer["error"]


async def test_faults_are_prepared_over_http(script: Script, client: AsyncWebClient) -> None:
    """The hand that breaks things is the same as the Python one."""
    fault = {"method": "auth.test", "error": "fatal_error"}
    assert await script.post("/sandbox/faults", fault) == (200, {"ok": True})
    refused = await client.api_call("users.info", params={"user": "U0ALICE001"})
    assert refused["ok"]
    assert await script.post("/sandbox/faults", {"clear": True}) == (200, {"ok": True})
    assert (await client.auth_test())["ok"]


async def test_changes_are_reported_as_they_happen(
    slack: SlackStandIn, script: Script, client: AsyncWebClient
) -> None:
    """The next change answers a request that waits since a mark."""
    mark = (await script.get("/sandbox/changes"))["mark"]
    waiting = asyncio.create_task(script.get(f"/sandbox/changes?since={mark}"))
    await client.chat_postMessage(channel=ACCESS, text="x")
    assert (await waiting)["mark"] != mark


async def test_stopped_workspace_releases_its_port() -> None:
    """The same port can be served again at once; a taken one is an error."""
    first = await SlackStandIn.start()
    port = int(first.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="in use"):
        await SlackStandIn.start(port=port)
    await first.stop()
    second = await SlackStandIn.start(port=port)
    assert second.url == first.url
    await second.stop()

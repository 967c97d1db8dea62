"""Response URLs: number of uses, lifetime, and replaced messages."""

from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.blocks import actions, button
from tests.sandbox.slack.clock import Clock
from tests.sandbox.slack.wire import bare_socket

ACCESS, BOB = "C0ACCESS01", "U0BOB00001"
BUTTON = [actions(button("approve"))]


async def _post(url: str, **body: Any) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
        return answer.status, await answer.text()


@pytest.fixture
async def command_url(slack: SlackStandIn) -> str:
    """The response url of a command that bob typed in a channel without the app."""
    slack.delivery.ack_within = 0.05
    async with bare_socket(slack) as socket:
        await socket.frame()
        text = "/teleport-help"
        await slack.act({"as": "bob", "do": "command", "channel": "general", "text": text})
    return str(slack.journal.envelopes[0].payload["response_url"])


async def _click_url(slack: SlackStandIn, ts: str) -> str:
    slack.delivery.ack_within = 0.05
    async with bare_socket(slack) as socket:
        await socket.frame()
        where = {"channel": "access-requests", "ts": ts, "action_id": "approve"}
        await slack.act({"as": "bob", "do": "click", **where})
    return str(slack.journal.envelopes[-1].payload["response_url"])


async def test_responses_are_private_by_default(slack: SlackStandIn, command_url: str) -> None:
    """An answer is ephemeral by default, also in a channel that the app is not in."""
    assert await _post(command_url, text="for you") == (200, "ok")
    assert await _post(command_url, text="for all", response_type="in_channel") == (200, "ok")
    seen = [(m["text"], m["ephemeral"]) for m in slack.control_api.messages("general", "bob")]
    assert seen == [("for you", True), ("for all", False)]
    assert [m["text"] for m in slack.control_api.messages("general", "alice")] == ["for all"]


async def test_good_for_five_posts(command_url: str) -> None:
    """The sixth post finds the url used up."""
    for _ in range(5):
        assert (await _post(command_url, text="x"))[0] == 200
    assert await _post(command_url, text="x") == (404, "used_url")


async def test_good_for_thirty_minutes(command_url: str, clock: Clock) -> None:
    """After half an hour nothing can be posted any more; an invented url never worked."""
    clock.forward(30 * 60)
    assert (await _post(command_url, text="x"))[0] == 200
    clock.forward(1)
    assert await _post(command_url, text="x") == (404, "expired_url")
    assert await _post(command_url + "X", text="x") == (404, "no_service")


async def test_rejects_messages_that_slack_rejects(slack: SlackStandIn, command_url: str) -> None:
    """Blocks are checked here as everywhere."""
    assert await _post(command_url, blocks=[{"type": "x"}]) == (400, "invalid_blocks")
    assert await _post(command_url) == (400, "no_text")
    assert slack.control_api.messages("general", "bob") == []


async def test_response_to_a_command_cannot_replace_a_message(
    slack: SlackStandIn, command_url: str
) -> None:
    """`replace_original` after a command posts something new."""
    await _post(command_url, text="one")
    await _post(command_url, text="two", replace_original=True)
    assert [m["text"] for m in slack.control_api.messages("general", "bob")] == ["one", "two"]


async def test_click_replaces_its_message_by_default(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """An app that doesn't send `replace_original: false` overwrites the message."""
    posted = await client.chat_postMessage(channel=ACCESS, text="card", blocks=BUTTON)
    url = await _click_url(slack, posted["ts"])
    await _post(url, text="beside", replace_original=False)
    await _post(url, text="instead")
    seen = [
        (m["text"], m["ephemeral"]) for m in slack.control_api.messages("access-requests", "bob")
    ]
    assert seen == [("instead", False), ("beside", True)]


async def test_ephemeral_message_can_be_replaced_and_deleted(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """The response url of a click is the only way to change an ephemeral message."""
    shown = await client.chat_postEphemeral(channel=ACCESS, user=BOB, text="x", blocks=BUTTON)
    url = await _click_url(slack, shown["message_ts"])
    await _post(url, text="changed", replace_original=True)
    (seen,) = slack.control_api.messages("access-requests", "bob")
    assert (seen["text"], seen["blocks"], seen["ephemeral"]) == ("changed", [], True)
    await _post(url, delete_original=True)
    assert slack.control_api.messages("access-requests", "bob") == []


async def test_bolt_responds_through_it(slack: SlackStandIn, bolt: AsyncApp) -> None:
    """The real `respond` reaches the person, is in the journal, and can be made to fail."""
    statuses: list[int] = []

    @bolt.command("/teleport-help")
    async def help_(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        statuses.append((await respond("help is here")).status_code)
        statuses.append((await respond("more help")).status_code)

    slack.control_api.inject({"method": "response_url", "status": 500, "times": 1})
    typed = {"as": "bob", "do": "command", "channel": "general", "text": "/teleport-help"}
    await slack.act(typed)
    await slack.message_where("general", "bob", lambda message: message["text"] == "more help")
    calls = [call for call in slack.journal.calls if call.method == "response_url"]
    assert [call.status for call in calls] == [500, 200]
    assert calls[0].args["text"] == "help is here"
    assert statuses[0] == 500

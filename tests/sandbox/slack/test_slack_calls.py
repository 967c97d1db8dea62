"""Rules of all Web API calls: tokens, scopes, arguments, pace, and the journal."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.cast import APP_TOKEN, BOT_TOKEN
from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.blocks import section
from tests.sandbox.slack.clock import Clock
from tests.sandbox.slack.refusals import code, refusal

GENERAL = "C0GENERAL1"
ACCESS = "C0ACCESS01"
LITERAL = '{"not": "parsed"}'


async def test_auth_test_returns_the_app(client: AsyncWebClient) -> None:
    """A good bot token is answered with the bot's identity and its scopes."""
    answer = await client.auth_test()
    assert (answer["user_id"], answer["bot_id"]) == ("U0CHATOPS1", "B0CHATOPS1")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("xoxb-other", "auth.test", "invalid_auth"),
        (APP_TOKEN, "users.list", "not_allowed_token_type"),
        (BOT_TOKEN, "apps.connections.open", "not_allowed_token_type"),
        (BOT_TOKEN, "chat.unheardOf", "unknown_method"),
    ],
)
async def test_refuses_the_wrong_token(
    slack: SlackStandIn, token: str, method: str, error: str
) -> None:
    """A token that is unknown or of the wrong kind opens nothing, and no method is made up."""
    client = AsyncWebClient(token=token, base_url=slack.api_url)
    assert await code(client.api_call(method)) == error


async def test_refuses_a_call_without_token(slack: SlackStandIn) -> None:
    """A call without a token gets Slack's code for it."""
    async with aiohttp.ClientSession() as session, session.post(slack.api_url + "auth.test") as got:
        assert (got.status, (await got.json())["error"]) == (200, "not_authed")


async def test_names_the_missing_scope(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A call beyond the granted scopes gets the needed scope and the granted ones."""
    slack.workspace.app.scopes = {"commands"}
    answer = await refusal(client.users_info(user="U0ALICE001"))
    assert (answer["error"], answer["needed"]) == ("missing_scope", "users:read")
    assert answer["provided"] == "commands"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as opened:
        yield opened


@pytest.mark.parametrize("form", ["json", "data", "params"])
async def test_reads_arguments_in_every_form(
    slack: SlackStandIn, session: aiohttp.ClientSession, form: str
) -> None:
    """JSON body, form and query string carry the same arguments; blocks may be a string."""
    args = {"channel": ACCESS, "text": LITERAL, "blocks": '[{"type": "divider"}]'}
    carried: dict[str, Any] = {form: args}
    async with session.post(slack.api_url + "chat.postMessage", **carried) as got:
        message = (await got.json())["message"]
    assert message["text"] == LITERAL
    assert [block["type"] for block in message["blocks"]] == ["divider"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"blocks": "[{"}, "invalid_blocks_format"),
        ({"blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"text": "x", "metadata": "{"}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": 7}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_schema"),
        ({"text": ""}, "no_text"),
    ],
)
async def test_refuses_arguments_that_cannot_be_read(
    slack: SlackStandIn, session: aiohttp.ClientSession, args: dict[str, object], error: str
) -> None:
    """Arguments that aren't JSON, or have the wrong shape, get the code for that argument."""
    body = {"channel": ACCESS, **args}
    async with session.post(slack.api_url + "chat.postMessage", json=body) as got:
        assert (await got.json())["error"] == error


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_rejects_a_body_that_is_not_a_json_object(
    slack: SlackStandIn, session: aiohttp.ClientSession, body: str, error: str
) -> None:
    """A JSON content type promises a JSON object."""
    headers = {"content-type": "application/json"}
    url = slack.api_url + "chat.postMessage"
    async with session.post(url, data=body, headers=headers) as got:
        assert (await got.json())["error"] == error


async def test_lists_the_errors_of_blocks(client: AsyncWebClient) -> None:
    """Bad blocks come back with every complaint, plain and with its level."""
    answer = await refusal(
        client.chat_postMessage(channel=ACCESS, text="x", blocks=[section("x" * 3001)])
    )
    complaint = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == [complaint]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {complaint}"]


async def test_slows_down_an_app_that_posts_too_fast(clock: Clock) -> None:
    """After a burst a channel takes one message a second; the rest is a real 429."""
    slack = await SlackStandIn.start(now=clock)
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])
    for _ in range(5):
        await client.chat_postMessage(channel=ACCESS, text="x")
    late = await refusal(client.chat_postMessage(channel=ACCESS, text="x"))
    assert (late.status_code, late["error"]) == (429, "ratelimited")
    assert late.headers["Retry-After"] == "1"
    await client.chat_postMessage(channel="U0BOB00001", text="another channel goes on")
    clock.forward(1)
    await client.chat_postMessage(channel=ACCESS, text="x")
    await slack.stop()


async def test_tier_limits_calls_per_minute(clock: Clock) -> None:
    """The 51st call of a tier 3 method within a minute comes too early, other methods go on."""
    slack = await SlackStandIn.start(now=clock)
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])
    for _ in range(50):
        await client.conversations_info(channel=ACCESS)
    late = await refusal(client.conversations_info(channel=ACCESS))
    assert (late.status_code, late.headers["Retry-After"]) == (429, "2")
    await client.auth_test()
    await slack.stop()


async def test_journal_contains_calls_without_tokens(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """A call is written down with arguments and answer, and never with a token."""
    await client.users_info(user="U0ALICE001")
    async with aiohttp.ClientSession() as session:
        form = {"token": BOT_TOKEN, "channel": GENERAL}
        async with session.post(slack.api_url + "conversations.info", data=form) as got:
            assert (await got.json())["ok"]
    info = await slack.call_where(lambda call: call.method == "users.info")
    assert info.args == {"user": "U0ALICE001"}
    assert isinstance(info.answer, dict)
    assert info.answer["user"]["name"] == "alice"
    assert BOT_TOKEN not in str(slack.journal.to_json())

"""A message whose response was lost, found in Slack's history."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.delivery.history_lookup import History, HistoryUnreadable
from sandbox.cast import BOT_TOKEN
from sandbox.slack.server import SlackStandIn

SCOPES = frozenset({"channels:history", "groups:history", "im:history"})
ID, OTHER_ID = (str(uuid4()) for _ in range(2))


async def history_of(slack: SlackStandIn) -> tuple[AsyncWebClient, History, str]:
    slack.workspace.app.scopes.add("channels:history")
    web = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    bot_id = str((await web.auth_test())["bot_id"])
    channels = (await web.conversations_list())["channels"]
    channel = next(each["id"] for each in channels if each["name"] == "access-requests")
    return web, History(web, SCOPES, bot_id=bot_id), channel


async def post(web: AsyncWebClient, channel: str, key: str, request_id: str = ID) -> str:
    payload = {"request_id": request_id, "key": key}
    posted = await web.chat_postMessage(
        channel=channel,
        text="a card",
        metadata={"event_type": "access_request", "event_payload": payload},
    )
    return str(posted["ts"])


async def test_message_is_found_behind_a_full_page_of_later_ones(slack: SlackStandIn) -> None:
    web, history, channel = await history_of(slack)
    ts = await post(web, channel, "wanted")
    for number in range(201):
        await post(web, channel, f"later {number}")
    since = datetime.now(UTC) - timedelta(minutes=1)
    found = await history.find(channel, "wanted", since, request_id=ID)
    assert found is not None
    assert found.ts == ts
    assert await history.find(channel, "another", since, request_id=ID) is None


async def test_message_of_another_request_is_not_found(slack: SlackStandIn) -> None:
    """Another program can write its key into an intent of this request."""
    web, history, channel = await history_of(slack)
    await post(web, channel, "key", OTHER_ID)
    since = datetime.now(UTC) - timedelta(minutes=1)
    assert await history.find(channel, "key", since, request_id=ID) is None
    assert await history.find(channel, "key", since, request_id=OTHER_ID) is not None


async def test_history_that_slack_refuses_is_unreadable(slack: SlackStandIn) -> None:
    """The bot then posts again. If a retry can help, it doesn't."""
    _, history, channel = await history_of(slack)
    slack.faults.inject({"method": "conversations.history", "error": "missing_scope", "times": 1})
    with pytest.raises(HistoryUnreadable, match="missing_scope"):
        await history.find(channel, "key", datetime.now(UTC), request_id=ID)
    slack.faults.inject({"method": "conversations.history", "error": "internal_error", "times": 1})
    with pytest.raises(SlackApiError, match="internal_error"):
        await history.find(channel, "key", datetime.now(UTC), request_id=ID)

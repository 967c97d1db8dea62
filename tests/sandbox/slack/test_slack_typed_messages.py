"""Messages that people type, in channels, threads and DMs."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from sandbox.slack.server import SlackStandIn

ACCESS = "access-requests"

Json = dict[str, Any]


def manifest(*, read_only: bool = True, events: tuple[str, ...] = ()) -> Json:
    """The manifest of an app with a command, and with or without messages of people."""
    return {
        "display_information": {"name": "Other"},
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": read_only,
            },
            "bot_user": {"display_name": "Other"},
            "slash_commands": [{"command": "/plain", "description": "Plain"}],
        },
        "oauth_config": {"scopes": {"bot": ["commands", "im:history", "channels:history"]}},
        "settings": {
            "socket_mode_enabled": True,
            "event_subscriptions": {"bot_events": list(events)},
        },
    }


def typing(text: str, channel: str = ACCESS, person: str = "alice", **fields: str) -> Json:
    return {"as": person, "do": "message", "channel": channel, "text": text, **fields}


def texts(slack: SlackStandIn, channel: str = ACCESS) -> list[str]:
    return [message["text"] for message in slack.control_api.messages(channel)]


async def test_members_see_a_typed_message(slack: SlackStandIn) -> None:
    outcome = await slack.act(typing("1 < 2 & @bob"))
    assert outcome == {"acked": False, "ack_ms": 0.0, "error": None, "payload": None}
    message = slack.control_api.messages(ACCESS, "bob")[0]
    assert message["text"] == "1 &lt; 2 &amp; <@U0BOB00001|bob>"
    assert message["user"] == "U0ALICE001"


async def test_reply_joins_the_thread(slack: SlackStandIn) -> None:
    await slack.act(typing("first"))
    first = slack.control_api.messages(ACCESS)[0]["ts"]
    await slack.act(typing("second", thread_ts=first))
    second = slack.control_api.messages(ACCESS)[1]
    assert second["thread_ts"] == first
    await slack.act(typing("third", thread_ts=second["ts"]))
    assert slack.control_api.messages(ACCESS)[2]["thread_ts"] == first


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (typing("hi", thread_ts="1.000001"), "thread_not_found"),
        (typing("  "), "no_text"),
        (typing("hi", "security"), "channel_not_found"),
        (typing("hi", "general", person="ivan"), "channel_not_found"),
    ],
)
async def test_impossible_message_is_rejected(
    slack: SlackStandIn, action: Json, error: str
) -> None:
    assert (await slack.act(action))["error"] == error
    assert texts(slack, action["channel"]) == []


async def test_read_only_messages_tab_rejects_messages(slack: SlackStandIn) -> None:
    slack.install(manifest(read_only=True))
    outcome = await slack.act(typing("hi", "@alice"))
    assert outcome["error"] == "Sending messages to this app has been turned off."
    slack.install(manifest(read_only=False))
    assert (await slack.act(typing("hi", "@alice")))["error"] is None
    assert texts(slack, "@alice") == ["hi"]


async def test_subscribed_app_gets_the_event(slack: SlackStandIn, bolt: AsyncApp) -> None:
    slack.install(manifest(events=("message.channels",)))
    received: list[Json] = []

    @bolt.event("message")
    async def keep(event: Json) -> None:
        received.append(event)

    assert (await slack.act(typing("in its channel")))["acked"]
    assert not (await slack.act(typing("elsewhere", "general")))["acked"]
    assert [(event["text"], event["channel_type"]) for event in received] == [
        ("in its channel", "channel")
    ]


async def test_command_in_a_thread_is_rejected(slack: SlackStandIn) -> None:
    slack.install(manifest())
    await slack.act(typing("first"))
    ts = slack.control_api.messages(ACCESS)[0]["ts"]
    command = {"as": "alice", "do": "command", "channel": ACCESS, "thread_ts": ts}
    outcome = await slack.act({**command, "text": "/plain now"})
    assert outcome["error"] == "/plain is not supported in threads. Sorry!"

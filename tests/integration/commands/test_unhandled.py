"""Payloads without a registered listener."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.setup.manifest import manifest
from sandbox.cast import TEAM
from tests.integration.log_capture import Log, capture_logs
from tests.integration.raw_payloads import click_of_bob, deliver, form_of_bob, from_bob
from tests.integration.slack_driver import CHANNEL, Stage, words

BOB = {"id": "U0BOB00001", "username": "bob", "name": "bob", "team_id": TEAM}
NO_USER: dict[str, dict[str, Any]] = {
    "event": {"type": "event_callback", "event": {"type": "channel_rename"}, "team_id": TEAM},
    "view_closed": {"type": "view_closed", "user": BOB, "view": {"callback_id": "request_form"}},
    "options": {"type": "block_suggestion", "user": BOB, "action_id": "old", "value": "st"},
    "no action": {"type": "block_actions", "user": BOB, "actions": []},
    "no type": {"team_id": TEAM},
    "workflow step": {"type": "workflow_step_edit", "user": BOB, "callback_id": "old"},
}
KINDS = {
    "command": "slash_commands",
    "event": "events_api",
}


@pytest.fixture
def log() -> Iterator[Log]:
    with capture_logs() as log:
        yield log


@pytest.mark.parametrize("name", NO_USER)
async def test_unhandled_payload_is_acked_and_logged_once(
    stage: Stage, log: Log, name: str
) -> None:
    for _ in range(3):
        reply = await deliver(stage, NO_USER[name], KINDS.get(name, "interactive"))
        assert (reply.acked, reply.error) == (True, None)
    assert reply.payload == ({"options": []} if name == "options" else None)
    (logged,) = log.all("payload_unhandled")
    assert (logged["log_level"], "exc_info" in logged) == ("info", False)
    assert not [entry for entry in log.entries if entry["log_level"] in {"warning", "error"}]


async def test_button_of_an_older_version_gets_a_private_response(stage: Stage, log: Log) -> None:
    reply = await deliver(stage, click_of_bob(stage, "old", "x"))
    assert (reply.acked, reply.payload) == (True, None)
    await stage.response("bob", "This button is from an older version of the bot.")
    assert len(log.all("payload_unhandled")) == 1


@pytest.mark.parametrize("kind", ["shortcut", "message_action"])
async def test_unknown_shortcut_gets_a_private_response(stage: Stage, kind: str) -> None:
    payload = from_bob(stage, kind, callback_id="old")
    if kind == "shortcut":
        del payload["channel"], payload["response_url"]
    assert (await deliver(stage, payload)).acked
    if kind == "shortcut":
        await stage.dm("bob", "The bot doesn't know this shortcut.")
    else:
        await stage.response("bob", "The bot doesn't know this shortcut.")


async def test_unknown_command_gets_a_private_response(stage: Stage) -> None:
    other_version = manifest()
    other_version["features"]["slash_commands"].append(
        {"command": "/teleport-revoke", "description": "A command of another version"}
    )
    stage.slack.install(other_version)
    done = await stage.slack.act(
        {"as": "bob", "do": "command", "channel": CHANNEL, "text": "/teleport-revoke x"}
    )
    assert (done["acked"], done["error"]) == (True, None)
    await stage.response("bob", "The bot doesn't know the command /teleport-revoke.")


async def test_unknown_form_gets_a_response_in_its_place(stage: Stage) -> None:
    reply = await deliver(stage, form_of_bob(stage, "old", ""))
    assert reply.payload is not None
    assert reply.payload["response_action"] == "update"
    assert "This form is from an older version of the bot." in words(reply.payload)


ODD: list[dict[str, Any]] = [
    {"type": "block_actions", "user": "U0BOB00001", "actions": [{"action_id": "old"}]},
    {"type": "block_actions", "user": BOB, "actions": {}},
    {"type": "block_actions", "user": BOB, "actions": ["old"]},
    {"type": "block_actions", "user": BOB},
    {"type": "block_actions", "user": BOB, "actions": [{}], "channel": None, "team": None},
    {"type": "event_callback", "event": "app_mention"},
    {"type": "event_callback", "event": {}, "authorizations": []},
    {"type": "view_submission", "user": BOB, "view": {"callback_id": "review_form"}},
    {"type": "block_suggestion", "action_id": "roles"},
    {"type": "view_submission", "user": BOB, "view": None, "response_urls": []},
    {"type": "view_closed", "user": None},
    {"type": "block_suggestion", "user": BOB},
    {"type": "dialog_submission", "user": BOB, "callback_id": "old"},
    {"type": 7},
    {"command": None, "user_id": None},
    {},
]


@pytest.mark.parametrize("payload", ODD)
async def test_odd_payload_is_acked_without_an_error(
    stage: Stage, log: Log, payload: dict[str, Any]
) -> None:
    assert (await deliver(stage, payload)).acked
    assert not [entry for entry in log.entries if entry["log_level"] == "error"]

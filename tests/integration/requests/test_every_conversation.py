"""Commands in conversations that the bot isn't in, and in threads."""

import pytest

from sandbox.cast import Channel
from tests.integration.slack_driver import Stage, buttons

CHANNELS = (
    Channel("alice-carol", "D0PAIR0001", ("alice", "carol"), bot_is_member=False, direct=True),
    Channel(
        "mpdm-alice--bob--carol-1",
        "G0GROUP001",
        ("alice", "bob", "carol"),
        bot_is_member=False,
        direct=True,
    ),
    Channel("ops", "G0OPS00001", ("alice", "bob"), bot_is_member=False, private=True),
    Channel("vendors", "C0VENDORS1", ("alice", "ivan"), bot_is_member=False, shared=True),
)
STAGING = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}


@pytest.fixture(params=CHANNELS, ids=lambda channel: channel.name)
def channel(request: pytest.FixtureRequest, stage: Stage) -> str:
    made: Channel = request.param
    stage.slack.workspace.set_up(made)
    return made.name


async def test_command_and_its_buttons_work_without_the_bot(stage: Stage, channel: str) -> None:
    """The responses are private. They need nothing but the interaction's response URL."""
    await stage.type("alice", "/teleport-request staging because redis", channel)
    response = await stage.response("alice", "You requested staging", channel)
    await stage.type("alice", "/teleport-pending mine", channel)
    await stage.response("alice", "redis", channel)
    await stage.click("alice", response, "cancel_request", channel)
    await stage.response("alice", "You cancelled your request", channel)
    assert not stage.requests
    assert not stage.messages(channel, "alice")


async def test_form_responds_with_a_dm_if_it_has_no_other_way(stage: Stage, channel: str) -> None:
    """Slack sends no response URL with a form."""
    await stage.type("alice", "/teleport-request", channel)
    form = await stage.form("alice", "request_form")
    roles = {"type": "multi_external_select", "selected_options": [STAGING]}
    await stage.submit("alice", form, roles=roles)
    response = await stage.dm("alice", "You requested staging")
    assert "cancel_request" in buttons(response)
    assert not stage.messages(channel, "alice")


async def test_slack_rejects_a_command_in_a_thread(stage: Stage) -> None:
    _, card = await stage.create_request("alice", "staging", "redis 1")
    typed = {
        "as": "alice",
        "do": "command",
        "channel": "access-requests",
        "text": "/teleport-request",
    }
    done = await stage.slack.act({**typed, "thread_ts": card["ts"]})
    assert done["error"] == "/teleport-request is not supported in threads. Sorry!"
    assert not done["acked"]

"""Installing an app manifest: Slack's rules for it, and the triggers that exist afterwards."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.control.control_api import Readiness
from sandbox.slack.manifest.document import ManifestError, load_manifest
from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.blocks import actions, button, home, modal, text_input
from tests.sandbox.slack.refusals import code

ACCESS, ALICE = "C0ACCESS01", "U0ALICE001"

Json = dict[str, Any]

MANIFEST: Json = {
    "_metadata": {"major_version": 1, "minor_version": 1},
    "display_information": {"name": "Other"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "Other"},
        "shortcuts": [
            {"name": "Ask", "type": "global", "callback_id": "ask", "description": "Ask"},
            {"name": "Keep", "type": "message", "callback_id": "keep", "description": "Keep"},
        ],
        "slash_commands": [
            {"command": "/plain", "description": "Plain", "usage_hint": "[text]"},
            {"command": "/escaped", "description": "Escaped", "should_escape": True},
        ],
    },
    "oauth_config": {"scopes": {"bot": ["chat:write", "commands"], "bot_optional": ["im:write"]}},
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


def _changed(path: str, value: object) -> Json:
    """Return the manifest with the value at a JSON pointer; None removes the key."""
    manifest: Any = deepcopy(MANIFEST)
    *parents, last = [int(key) if key.isdigit() else key for key in path.split("/")[1:]]
    target = manifest
    for key in parents:
        target = target[key]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return dict(manifest)


def _command(text: str, channel: str = "access-requests") -> Json:
    return {"as": "alice", "do": "command", "channel": channel, "text": text}


async def test_installed_manifest_is_shown(slack: SlackStandIn) -> None:
    slack.install(MANIFEST)
    assert slack.control_api.app() == {
        "commands": [
            {"name": "/plain", "description": "Plain", "usage_hint": "[text]"},
            {"name": "/escaped", "description": "Escaped", "usage_hint": ""},
        ],
        "shortcuts": ["ask", "keep"],
        "home": True,
        "events": ["app_home_opened"],
    }
    assert slack.workspace.app.scopes == {"chat:write", "commands", "im:write"}


async def test_everything_is_allowed_without_a_manifest(slack: SlackStandIn) -> None:
    assert slack.control_api.app() == {"commands": [], "shortcuts": [], "home": False, "events": []}
    for deed in (
        _command("/anything"),
        {"as": "alice", "do": "shortcut", "callback_id": "anything"},
        {"as": "alice", "do": "home"},
    ):
        assert (await slack.act(deed))["error"] == "dispatch_failed"


async def test_workspace_is_not_ready_before_its_manifest(slack: SlackStandIn) -> None:
    waiting = await SlackStandIn.start(readiness=Readiness(bot=False, manifest=True))
    assert waiting.control_api.status()["ready"] is False
    waiting.install(MANIFEST)
    assert waiting.control_api.status()["ready"] is True
    await waiting.stop()


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("/display_information/name", None, "missing required field: name"),
        ("/display_information/name", "", "must be more than 0 characters"),
        ("/display_information/name", "x" * 36, "must be less than 36 characters"),
        ("/display_information/description", "x" * 141, "must be less than 141 characters"),
        ("/display_information/background_color", "red!", "value does not match"),
        ("/display_information/long_description", "short", "must be more than 174 characters"),
        ("/settings/bad_param", False, "invalid additional property: bad_param"),
        ("/bad_param", {}, "invalid additional property: bad_param"),
        ("/_metadata/major_version", 3, "must be less than 3"),
        ("/features/bot_user/display_name", None, "missing required field: display_name"),
        ("/features/slash_commands", [], "must provide at least 1 items"),
        ("/features/slash_commands", [{}] * 51, "no more than 50 items allowed"),
        ("/features/slash_commands/0/command", "plain", "value does not match"),
        ("/features/slash_commands/0/command", "/" + "x" * 32, "must be less than 33 characters"),
        ("/features/slash_commands/1/description", None, "missing required field: description"),
        ("/features/slash_commands/0/usage_hint", "", "must be more than 0 characters"),
        ("/features/slash_commands/0/should_escape", "yes", "must provide a boolean"),
        ("/features/slash_commands/0/url", "example.com", "value does not match"),
        ("/features/shortcuts/0/type", "local", "value must be one of: message, global"),
        ("/features/shortcuts/0/name", "x" * 25, "must be less than 25 characters"),
        ("/features/app_home/home_tab_enabled", 1, "must provide a boolean"),
        ("/oauth_config/scopes/bot", "commands", "must provide an array"),
        ("/settings/interactivity/is_enabled", None, "missing required field: is_enabled"),
        (
            "/settings/event_subscriptions/bot_events",
            ["app_home_opened", "app_home_opened"],
            "must be unique",
        ),
        (
            "/settings/event_subscriptions/bot_events/0",
            "app_mention",
            "app_mention requires the bot scope app_mentions:read",
        ),
        (
            "/settings/socket_mode_enabled",
            False,
            "Event Subscription requires either Request URL or Socket Mode Enabled",
        ),
    ],
)
async def test_invalid_key_is_named(
    slack: SlackStandIn, path: str, value: object, sentence: str
) -> None:
    with pytest.raises(ManifestError) as refused:
        slack.install(_changed(path, value))
    invalid = {"/settings/socket_mode_enabled": "/settings/event_subscriptions"}.get(path, path)
    assert f"  {invalid}" in str(refused.value)
    assert sentence in str(refused.value)
    assert slack.workspace.app.features is None


@pytest.mark.parametrize("manifest", [None, [], "x", 7, {}])
async def test_value_without_the_required_object_is_rejected(
    slack: SlackStandIn, manifest: object
) -> None:
    with pytest.raises(ManifestError):
        slack.install(manifest)


async def test_smallest_manifest_has_no_trigger(slack: SlackStandIn) -> None:
    slack.install({"display_information": {"name": "Other"}})
    assert slack.control_api.app() == {"commands": [], "shortcuts": [], "home": False, "events": []}
    assert "is not a valid command" in (await slack.act(_command("/plain")))["error"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app.json", '{"display_information": {"name": "Other"}}'),
        ("app.yaml", "display_information:\n  name: Other\n"),
    ],
)
def test_file_can_be_json_or_yaml(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    assert load_manifest(file) == {"display_information": {"name": "Other"}}


@pytest.mark.parametrize("text", ["{", "a: [", "\x00", "", "[" * 100_000, "- x", "{" * 5000])
def test_unreadable_file_is_rejected(tmp_path: Path, text: str) -> None:
    file = tmp_path / "app.yaml"
    file.write_text(text)
    with pytest.raises(ManifestError):
        load_manifest(file)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"app\.yaml"):
        load_manifest(tmp_path / "app.yaml")


@pytest.mark.parametrize("typed", ["/typo", "/typo with text", "/Plain", "/plai", "/"])
async def test_unknown_command_gets_the_text_of_slack(slack: SlackStandIn, typed: str) -> None:
    slack.install(MANIFEST)
    outcome = await slack.act(_command(typed))
    name = typed.partition(" ")[0]
    assert outcome["acked"] is False
    assert outcome["error"].startswith(
        f"{name} is not a valid command. In Slack, all messages that start with the"
        ' "/" character are interpreted as commands.'
    )
    assert slack.journal.envelopes == type(slack.journal.envelopes)()


@pytest.fixture
def heard(bolt: AsyncApp) -> list[str]:
    texts: list[str] = []

    async def note(ack: AsyncAck, body: Json) -> None:
        await ack()
        texts.append(body["text"])

    bolt.command("/plain")(note)
    bolt.command("/escaped")(note)
    return texts


@pytest.mark.parametrize(
    ("typed", "escaped"),
    [
        ("ask @bob, then @carol.", "ask <@U0BOB00001|bob>, then <@U0CAROL001|carol>."),
        ("<@U0BOB00001>,x", "<@U0BOB00001|bob>,x"),
        ("<#C0ACCESS01> <#C0NOWHERE1>", "<#C0ACCESS01|access-requests> <#C0NOWHERE1>"),
        ("in #access-requests", "in <#C0ACCESS01|access-requests>"),
        ("@zoe #nowhere <@U0UNKNOWN1>", "@zoe #nowhere <@U0UNKNOWN1>"),
        ("@here <!here>", "<!here> &lt;!here&gt;"),
        ("a & b < c > d &amp;", "a &amp; b &lt; c &gt; d &amp;amp;"),
        ("see https://example.com/a?b=1&c=2.", "see <https://example.com/a?b=1&amp;c=2>."),
        ("see example.com/a", "see <http://example.com/a|example.com/a>"),
        ("bob@example.com", "<mailto:bob@example.com|bob@example.com>"),
        ("--roles=staging  because 1#2 ", "--roles=staging  because 1#2 "),
        ("", ""),
    ],
)
async def test_should_escape_controls_the_text(
    slack: SlackStandIn, heard: list[str], typed: str, escaped: str
) -> None:
    slack.install(MANIFEST)
    await slack.act(_command(f"/plain {typed}"))
    await slack.act(_command(f"/escaped {typed}"))
    assert heard == [typed, escaped]


async def test_home_exists_only_in_the_manifest(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    view = home(actions(button("b")))
    slack.install(_changed("/features/app_home/home_tab_enabled", False))
    assert await code(client.views_publish(user_id=ALICE, view=view)) == "not_enabled"
    assert (await slack.act({"as": "alice", "do": "home"}))["error"] == "this app has no Home tab"
    slack.install(MANIFEST)
    assert (await client.views_publish(user_id=ALICE, view=view))["ok"]
    assert (await slack.act({"as": "alice", "do": "home"}))["error"] == "dispatch_failed"


async def test_unsubscribed_event_is_not_sent(slack: SlackStandIn, bolt: AsyncApp) -> None:
    slack.install(_changed("/settings/event_subscriptions/bot_events", []))
    outcome = await slack.act({"as": "alice", "do": "home"})
    assert (outcome["acked"], outcome["error"]) == (False, None)
    assert not slack.journal.envelopes


async def test_dms_need_the_messages_tab(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.install(_changed("/features/app_home/messages_tab_enabled", False))
    for channel in (ALICE, "D0ALICE001"):
        refused = client.chat_postMessage(channel=channel, text="x")
        assert await code(refused) == "messages_tab_disabled"


async def test_interactions_need_interactivity(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.install(_changed("/settings/interactivity", {"is_enabled": False}))
    posted = await client.chat_postMessage(
        channel=ACCESS, text="x", blocks=[actions(button("approve"))]
    )
    view = modal(text_input(), notify_on_close=True)
    opened = await client.views_open(trigger_id=slack.triggers.issue(ALICE), view=view)
    in_message = {"channel": "access-requests", "ts": posted["ts"], "action_id": "approve"}
    in_view = {"view_id": opened["view"]["id"]}
    for deed in (
        {"do": "click", **in_message},
        {"do": "submit", **in_view},
        {"do": "suggest", **in_view, "action_id": "text", "text": "abc"},
        {"do": "shortcut", "callback_id": "ask"},
    ):
        outcome = await slack.act({"as": "alice", **deed})
        assert "is not configured to handle interactive responses" in outcome["error"]
    closed = await slack.act({"as": "alice", "do": "close", **in_view})
    assert (closed["acked"], closed["error"]) == (False, None)
    assert not slack.journal.envelopes


async def test_shortcut_of_a_message_carries_the_message(
    slack: SlackStandIn, client: AsyncWebClient, bolt: AsyncApp
) -> None:
    bodies: list[Json] = []

    async def note(ack: AsyncAck, body: Json) -> None:
        await ack()
        bodies.append(body)

    bolt.message_shortcut("keep")(note)
    bolt.global_shortcut("ask")(note)
    slack.install(MANIFEST)
    posted = await client.chat_postMessage(channel=ACCESS, text="x")
    where = {"channel": "access-requests", "ts": posted["ts"]}
    kept = {"as": "alice", "do": "shortcut", "callback_id": "keep"}
    asked = {"as": "alice", "do": "shortcut", "callback_id": "ask"}
    assert (await slack.act({**kept, **where}))["acked"]
    assert (await slack.act(asked))["acked"]
    assert [body["type"] for body in bodies] == ["message_action", "shortcut"]
    assert bodies[0]["message"]["text"] == "x"
    assert bodies[0]["response_url"]
    for wrong in (kept, {**asked, **where}):
        assert (await slack.act(wrong))["error"] == "no such shortcut"

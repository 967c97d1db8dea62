"""Commands and clicks: the payload for the app, and the effect of its response."""

import re
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.errors import BadRequestError
from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.blocks import (
    actions,
    button,
    home,
    modal,
    option,
    plain,
    section,
    text_input,
)
from tests.sandbox.slack.refusals import code
from tests.sandbox.slack.wire import bare_socket

ACCESS, ALICE, BOB = "C0ACCESS01", "U0ALICE001", "U0BOB00001"

Json = dict[str, Any]
ANY_ACTION = re.compile(".*")


def _command(text: str, who: str = "alice", channel: str = "access-requests") -> Json:
    return {"as": who, "do": "command", "channel": channel, "text": text}


def _click(ts: str, action_id: str, who: str = "bob", **fields: Any) -> Json:
    where = {"channel": "access-requests", "ts": ts}
    return {"as": who, "do": "click", **where, "action_id": action_id, **fields}


@pytest.fixture
def bodies(bolt: AsyncApp) -> list[Json]:
    """The payloads of all clicks, each acked at once."""
    seen: list[Json] = []

    @bolt.action({"type": "block_actions", "action_id": ANY_ACTION})
    async def clicked(ack: AsyncAck, body: Json) -> None:
        await ack()
        seen.append(body)

    return seen


async def test_command_arrives_as_typed(slack: SlackStandIn, bolt: AsyncApp) -> None:
    """Everything after the first space is the text, untrimmed; all values are strings."""
    heard: list[Json] = []

    @bolt.command("/teleport-request")
    async def request(ack: AsyncAck, body: Json) -> None:
        await ack()
        heard.append(body)

    outcome = await slack.act(_command("/teleport-request  prod -- <!here> "))
    (body,) = heard
    assert (outcome["acked"], outcome["error"], outcome["payload"]) == (True, None, None)
    assert 0 < outcome["ack_ms"] < 3000
    assert body["text"] == " prod -- <!here> "
    assert (body["user_id"], body["channel_id"]) == (ALICE, ACCESS)
    assert all(isinstance(value, str) for value in body.values())


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("access-requests", "access-requests"),
        ("security", "privategroup"),
        ("@bob", "directmessage"),
    ],
)
async def test_private_places_are_not_named(slack: SlackStandIn, channel: str, name: str) -> None:
    """The payload of a command contains only the names of public channels."""
    slack.delivery.ack_within = 0.05
    async with bare_socket(slack) as socket:
        await socket.frame()
        await slack.act(_command("/teleport-help", "bob", channel))
    assert slack.journal.envelopes[0].payload["channel_name"] == name


async def test_ack_responds_only_to_the_user(slack: SlackStandIn, bolt: AsyncApp) -> None:
    """A message in the ack is ephemeral, in the channel where the command was typed."""

    @bolt.command("/teleport-pending")
    async def pending(ack: AsyncAck) -> None:
        await ack("nothing pending")

    outcome = await slack.act(_command("/teleport-pending"))
    (seen,) = slack.control_api.messages("access-requests", "alice")
    assert outcome["payload"] == {"text": "nothing pending"}
    assert (seen["text"], seen["ephemeral"]) == ("nothing pending", True)
    assert slack.control_api.messages("access-requests", "bob") == []


async def test_public_ack_also_shows_the_command(slack: SlackStandIn, bolt: AsyncApp) -> None:
    """With `in_channel` all members see the command, and then the response."""

    @bolt.command("/teleport-pending")
    async def pending(ack: AsyncAck) -> None:
        await ack(text="two pending", response_type="in_channel")

    await slack.act(_command("/teleport-pending mine"))
    typed, answer = slack.control_api.messages("access-requests", "bob")
    assert (typed["user"], typed["text"]) == (ALICE, "/teleport-pending mine")
    assert (answer["user"], answer["text"]) == ("U0CHATOPS1", "two pending")


async def test_invalid_message_in_an_ack_is_not_shown(slack: SlackStandIn, bolt: AsyncApp) -> None:
    """Blocks that Slack refuses do not appear just because they came with an ack."""

    @bolt.command("/teleport-pending")
    async def pending(ack: AsyncAck) -> None:
        await ack(text="x", blocks=[{"type": "unheard_of"}])

    outcome = await slack.act(_command("/teleport-pending"))
    assert outcome["acked"]
    assert "unsupported type: unheard_of" in outcome["error"]
    assert slack.control_api.messages("access-requests", "alice") == []


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (_command("/teleport-help", "nora", "security"), "channel_not_found"),
        (_command("/teleport-help", "ivan"), "channel_not_found"),
        (_command("/teleport-help", "henry"), "account_inactive"),
        (_click("1.000001", "approve"), "message_not_found"),
        ({"as": "bob", "do": "close", "view_id": "V0NOTHERE1"}, "view_not_found"),
    ],
)
async def test_slack_itself_rejects_impossible_actions(
    slack: SlackStandIn, act: Json, error: str
) -> None:
    """The user gets an error, and the app gets no envelope."""
    async with bare_socket(slack) as socket:
        await socket.frame()
        outcome = await slack.act(act)
    assert (outcome["acked"], outcome["error"]) == (False, error)
    assert list(slack.journal.envelopes) == []


@pytest.mark.parametrize(
    "act",
    [
        _command("/teleport-help", "nobody"),
        _command("/teleport-help", "jenkins"),
        _command("/teleport-help", "alice", "no-such-channel"),
        {"as": "alice", "do": "dance"},
        {"as": "alice", "do": "command", "channel": "access-requests"},
    ],
)
async def test_invalid_act_is_an_error_of_the_script(slack: SlackStandIn, act: Json) -> None:
    """Unknown users, channels, actions and missing fields are errors of the script, not Slack's."""
    with pytest.raises(BadRequestError):
        await slack.act(act)


async def test_click_contains_its_place_and_action(
    slack: SlackStandIn, client: AsyncWebClient, bodies: list[Json]
) -> None:
    """A click carries the button, the whole message, and the means to answer."""
    posted = await client.chat_postMessage(
        channel=ACCESS, text="x", blocks=[actions(button("approve", value="7"), block_id="row")]
    )
    outcome = await slack.act(_click(posted["ts"], "approve", value="7"))
    (body,) = bodies
    (action,) = body["actions"]
    assert outcome["acked"]
    assert (action["type"], action["block_id"], action["value"]) == ("button", "row", "7")
    assert body["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": ACCESS,
        "is_ephemeral": False,
    }
    assert body["message"]["blocks"] == posted["message"]["blocks"]
    assert body["user"]["id"] == BOB
    assert body["state"] == {"values": {}}
    assert body["trigger_id"]
    assert body["response_url"].startswith(slack.url)


async def test_value_selects_one_of_several_rows(
    slack: SlackStandIn, client: AsyncWebClient, bodies: list[Json]
) -> None:
    """If every row has the same action, the value identifies the clicked row."""
    rows = [actions(button("approve", value=value)) for value in ("6", "7")]
    posted = await client.chat_postMessage(channel=ACCESS, text="x", blocks=rows)
    await slack.act(_click(posted["ts"], "approve", value="7"))
    missing = await slack.act(_click(posted["ts"], "approve", value="8"))
    assert [body["actions"][0]["value"] for body in bodies] == ["7"]
    assert missing["error"] == "no such element"


async def test_lagging_client_clicks_a_removed_button(
    slack: SlackStandIn, client: AsyncWebClient, bodies: list[Json]
) -> None:
    """A button that was taken away is delivered from the newest version that had it."""
    row = actions(button("approve", value="7"))
    posted = await client.chat_postMessage(channel=ACCESS, text="one", blocks=[section("1"), row])
    ts = posted["ts"]
    await client.chat_update(channel=ACCESS, ts=ts, text="two", blocks=[section("2"), row])
    await client.chat_update(channel=ACCESS, ts=ts, text="done", blocks=[section("3")])
    outcome = await slack.act(_click(posted["ts"], "approve", value="7"))
    assert outcome["acked"]
    assert bodies[0]["message"]["text"] == "two"
    assert bodies[0]["message"]["blocks"][0]["text"]["text"] == "2"
    await client.chat_delete(channel=ACCESS, ts=ts)
    assert (await slack.act(_click(posted["ts"], "approve")))["acked"]


async def test_click_on_an_ephemeral_message_has_no_message_in_its_payload(
    slack: SlackStandIn, client: AsyncWebClient, bodies: list[Json]
) -> None:
    """The app learns that it was ephemeral and must not rely on its content."""
    shown = await client.chat_postEphemeral(
        channel=ACCESS, user=BOB, text="x", blocks=[actions(button("approve", value="7"))]
    )
    outcome = await slack.act(_click(shown["message_ts"], "approve"))
    assert outcome["acked"]
    assert bodies[0]["container"]["is_ephemeral"] is True
    assert "message" not in bodies[0]
    other = await slack.act(_click(shown["message_ts"], "approve", who="alice"))
    assert other["error"] == "message_not_found"


async def test_menu_sends_the_selected_option(
    slack: SlackStandIn, client: AsyncWebClient, bodies: list[Json]
) -> None:
    """A select is used by the value of an option, which arrives whole and in the state."""
    menu = {
        "type": "static_select",
        "action_id": "hours",
        "options": [option("one"), option("two")],
        "initial_option": option("one"),
    }
    posted = await client.chat_postMessage(
        channel=ACCESS, text="x", blocks=[actions(menu, block_id="row")]
    )
    await slack.act(_click(posted["ts"], "hours", value="two"))
    (action,) = bodies[0]["actions"]
    assert action["selected_option"]["text"]["text"] == "Two"
    assert action["initial_option"]["value"] == "one"
    assert bodies[0]["state"]["values"]["row"]["hours"]["selected_option"]["value"] == "two"
    with pytest.raises(BadRequestError):
        await slack.act(_click(posted["ts"], "hours", value="three"))


async def test_click_in_app_home_has_the_view_in_its_payload(
    slack: SlackStandIn, client: AsyncWebClient, bodies: list[Json]
) -> None:
    """In the Home tab there is a view, and neither channel nor message nor response url."""
    row = section("x", accessory=button("approve", value="7"))
    view = (await client.views_publish(user_id=BOB, view=home(row)))["view"]
    clicking = {"as": "bob", "do": "click", "view_id": view["id"], "action_id": "approve"}
    assert (await slack.act(clicking))["acked"]
    (body,) = bodies
    assert body["container"] == {"type": "view", "view_id": view["id"]}
    assert body["view"]["hash"] == view["hash"]
    assert not {"channel", "message", "response_url"} & set(body)


async def test_click_in_a_modal_contains_its_inputs(
    slack: SlackStandIn, client: AsyncWebClient, bodies: list[Json]
) -> None:
    """A button in a form sees the state of the inputs, and can push another form."""
    form = modal(text_input(), actions(button("more")))
    trigger = slack.triggers.issue(BOB)
    view = (await client.views_open(trigger_id=trigger, view=form))["view"]
    typed = {"reason": {"text": {"type": "plain_text_input", "value": "half"}}}
    clicking = {"as": "bob", "do": "click", "view_id": view["id"], "action_id": "more"}
    assert (await slack.act({**clicking, "values": typed}))["acked"]
    assert bodies[0]["view"]["state"]["values"] == typed
    await client.views_push(trigger_id=bodies[0]["trigger_id"], view=modal())
    assert (await slack.act(clicking))["error"] == "view_not_in_front"


async def test_global_shortcut_has_no_channel_in_its_payload(
    slack: SlackStandIn, bolt: AsyncApp
) -> None:
    """A global shortcut brings a trigger, and neither channel nor response url."""
    heard: list[Json] = []

    @bolt.shortcut("ask")
    async def ask(ack: AsyncAck, body: Json) -> None:
        await ack()
        heard.append(body)

    outcome = await slack.act({"as": "alice", "do": "shortcut", "callback_id": "ask"})
    assert outcome["acked"]
    assert heard[0]["trigger_id"]
    assert not {"channel", "response_url"} & set(heard[0])


async def test_opening_home_is_an_event(
    slack: SlackStandIn, bolt: AsyncApp, client: AsyncWebClient
) -> None:
    """The event names the tab. From the second time on it contains the published view."""
    heard: list[Json] = []

    @bolt.event("app_home_opened")
    async def opened(event: Json) -> None:
        heard.append(event)
        await client.views_publish(user_id=event["user"], view=home(section("hello")))

    outcome = await slack.act({"as": "alice", "do": "home"})
    await slack.view_where("alice", lambda view: view["type"] == "home")
    await slack.act({"as": "alice", "do": "home"})
    await slack.workspace.changes.until(lambda: len(heard) == 2 or None, seconds=10)
    assert outcome["acked"]
    assert (heard[0]["tab"], heard[0]["user"]) == ("home", ALICE)
    assert "view" not in heard[0]
    assert heard[1]["view"]["blocks"][0]["text"]["text"] == "hello"


async def test_button_in_an_attachment_can_be_clicked(
    slack: SlackStandIn, client: AsyncWebClient, bodies: list[Json]
) -> None:
    posted = await client.chat_postMessage(
        channel=ACCESS,
        text="x",
        attachments=[{"text": "first"}, {"blocks": [actions(button("approve", value="7"))]}],
    )
    outcome = await slack.act(_click(posted["ts"], "approve", value="7"))
    (body,) = bodies
    assert outcome["acked"]
    assert (body["container"]["type"], body["container"]["attachment_id"]) == (
        "message_attachment",
        2,
    )
    assert body["actions"][0]["value"] == "7"


async def test_ack_with_only_attachments_is_shown(slack: SlackStandIn, bolt: AsyncApp) -> None:
    @bolt.command("/teleport-pending")
    async def pending(ack: AsyncAck) -> None:
        await ack(attachments=[{"text": "two"}])

    await slack.act(_command("/teleport-pending"))
    (seen,) = slack.control_api.messages("access-requests", "alice")
    assert seen["attachments"][0]["text"] == "two"


async def test_context_button_can_be_clicked(
    slack: SlackStandIn, client: AsyncWebClient, bodies: list[Json]
) -> None:
    feedback = {
        "type": "feedback_buttons",
        "action_id": "rate",
        "positive_button": {"text": plain("Good"), "value": "good"},
        "negative_button": {"text": plain("Bad"), "value": "bad"},
    }
    trash = {"type": "icon_button", "action_id": "drop", "icon": "trash", "text": plain("Drop")}
    block = {"type": "context_actions", "elements": [feedback, {**trash, "value": "7"}]}
    posted = await client.chat_postMessage(channel=ACCESS, text="x", blocks=[block])
    await slack.act(_click(posted["ts"], "rate", value="bad"))
    await slack.act(_click(posted["ts"], "drop", value="7"))
    assert [body["actions"][0]["value"] for body in bodies] == ["bad", "7"]


async def test_image_can_be_a_slack_file(client: AsyncWebClient) -> None:
    image = {"type": "image", "alt_text": "x", "slack_file": {"id": "F0FILE0001"}}
    assert (await client.chat_postMessage(channel=ACCESS, text="x", blocks=[image]))["ok"]
    both = {**image, "image_url": "https://example.com/x.png"}
    assert await code(client.chat_postMessage(channel=ACCESS, text="x", blocks=[both])) == (
        "invalid_blocks"
    )

"""Messages: permissions to post, fields after an update, and visibility."""

from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.blocks import actions, button, rich_text, section
from tests.sandbox.slack.refusals import code

ACCESS, GENERAL, SECURITY = "C0ACCESS01", "C0GENERAL1", "G0SECURE01"
ALICE, BOB = "U0ALICE001", "U0BOB00001"
METADATA = {"event_type": "request", "event_payload": {"id": "7"}}


async def test_posted_message_is_shown_unchanged(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """A message carries the bot's identity, its text raw, and ids that Slack filled in."""
    blocks = [section("*hi* <!channel>"), actions(button("approve", value="7"))]
    posted = await client.chat_postMessage(channel=ACCESS, text="a <b> & c", blocks=blocks)
    (seen,) = slack.control_api.messages("access-requests", "bob")
    assert seen["ts"] == posted["ts"]
    assert (seen["user"], seen["bot_id"]) == ("U0CHATOPS1", "B0CHATOPS1")
    assert seen["text"] == "a <b> & c"
    assert seen["blocks"][0]["text"]["text"] == "*hi* <!channel>"
    assert all(block["block_id"] for block in seen["blocks"])
    assert seen["ephemeral"] is False


async def test_timestamps_grow_even_while_the_clock_is_stopped(
    client: AsyncWebClient,
) -> None:
    """Two messages at the same moment still have an order."""
    first = await client.chat_postMessage(channel=ACCESS, text="1")
    second = await client.chat_postMessage(channel=ACCESS, text="2")
    assert float(first["ts"]) < float(second["ts"])


async def test_app_can_post_only_in_its_channels(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """Public channels ask for membership, private ones do not exist for outsiders."""
    slack.workspace.conversations[SECURITY].members.remove("U0CHATOPS1")
    assert await code(client.chat_postMessage(channel=GENERAL, text="x")) == "not_in_channel"
    assert await code(client.chat_postMessage(channel=SECURITY, text="x")) == "channel_not_found"
    assert await code(client.chat_postMessage(channel="C0NOWHERE", text="x")) == "channel_not_found"
    slack.workspace.app.scopes.add("chat:write.public")
    assert (await client.chat_postMessage(channel=GENERAL, text="x"))["ok"]
    slack.workspace.conversations[ACCESS].archived = True
    assert await code(client.chat_postMessage(channel=ACCESS, text="x")) == "is_archived"


async def test_dm_is_visible_to_its_member_only(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """A message to a user id or to the opened conversation shows up for that person only."""
    opened = await client.conversations_open(users=ALICE)
    posted = await client.chat_postMessage(channel=opened["channel"]["id"], text="to you")
    await client.chat_postMessage(channel=ALICE, text="again")
    texts = [message["text"] for message in slack.control_api.messages("@alice", "alice")]
    assert texts == ["to you", "again"]
    assert posted["channel"].startswith("D")
    assert slack.control_api.messages("@alice", "bob") == []


async def test_ephemeral_message_is_visible_to_one_user(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """Only the named member sees it, and no later call can touch it."""
    shown = await client.chat_postEphemeral(channel=ACCESS, user=BOB, text="psst")
    (seen,) = slack.control_api.messages("access-requests", "bob")
    assert (seen["text"], seen["ephemeral"]) == ("psst", True)
    assert slack.control_api.messages("access-requests", "alice") == []
    update = client.chat_update(channel=ACCESS, ts=shown["message_ts"], text="x")
    assert await code(update) == "message_not_found"
    to_ivan = client.chat_postEphemeral(channel=ACCESS, user="U0IVAN0001", text="x")
    assert await code(to_ivan) == "user_not_in_channel"
    too_long = client.chat_postEphemeral(channel=ACCESS, user=BOB, text="x" * 4001)
    assert await code(too_long) == "msg_too_long"


async def test_update_replaces_content_and_keeps_metadata(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """Text alone takes the blocks away; unmentioned metadata stays, an empty one removes it."""
    slack.workspace.app.scopes.add("channels:history")
    posted = await client.chat_postMessage(
        channel=ACCESS, text="old", blocks=[section("old")], metadata=METADATA
    )
    await client.chat_update(channel=ACCESS, ts=posted["ts"], text="new")
    (seen,) = slack.control_api.messages("access-requests", "bob")
    assert (seen["text"], seen["blocks"], seen["metadata"]) == ("new", [], METADATA)
    await client.chat_update(channel=ACCESS, ts=posted["ts"], text="new", metadata={})
    assert "metadata" not in slack.control_api.messages("access-requests", "bob")[0]


async def test_update_has_its_own_limits(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Edits have limits of their own, and reach only the app's own standing messages."""
    posted = await client.chat_postMessage(channel=ACCESS, text="x", blocks=[rich_text("x")])
    where = {"channel": ACCESS, "ts": posted["ts"]}
    assert await code(client.chat_update(**where, text="x" * 4001)) == "msg_too_long"
    assert await code(client.api_call("chat.update", json=where)) == "no_text"
    plain = client.chat_update(**where, text="x", blocks=[section("x")])
    assert await code(plain) == "block_mismatch"
    by_user = client.chat_update(channel=ALICE, ts=posted["ts"], text="x")
    assert await code(by_user) == "channel_not_found"
    await client.chat_delete(**where)
    assert slack.control_api.messages("access-requests", "bob") == []
    assert await code(client.chat_update(**where, text="x")) == "message_not_found"


async def test_long_texts_are_cut_as_slack_cuts_them(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """A text of more than 40,000 characters is posted without the rest."""
    await client.chat_postMessage(channel=ACCESS, text="x" * 40_001)
    assert len(slack.control_api.messages("access-requests", "bob")[0]["text"]) == 40_000


async def test_blocks_are_weighed_together(client: AsyncWebClient) -> None:
    """Blocks that are each short enough can be too long as a message."""
    posting = client.chat_postMessage(channel=ACCESS, text="x", blocks=[section("x" * 2900)] * 6)
    assert await code(posting) == "msg_blocks_too_long"


async def test_replies_hang_on_their_message(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A reply shows its thread, the parent counts it, and an unknown parent takes none."""
    parent = await client.chat_postMessage(channel=ACCESS, text="parent")
    await client.chat_postMessage(channel=ACCESS, text="reply", thread_ts=parent["ts"])
    above, below = slack.control_api.messages("access-requests", "bob")
    assert (above["thread_ts"], above["reply_count"]) == (parent["ts"], 1)
    assert below["thread_ts"] == parent["ts"]
    orphan = client.chat_postMessage(channel=ACCESS, text="x", thread_ts="1.000001")
    assert await code(orphan) == "cannot_reply_to_message"


async def test_history_returns_metadata_on_request(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """History needs its scope and is newest first; metadata is whole only on request."""
    first = await client.chat_postMessage(channel=ACCESS, text="1", metadata=METADATA)
    await client.chat_postMessage(channel=ACCESS, text="reply", thread_ts=first["ts"])
    await client.chat_postMessage(channel=ACCESS, text="2")
    assert await code(client.conversations_history(channel=ACCESS)) == "missing_scope"
    slack.workspace.app.scopes.add("channels:history")
    short = await client.conversations_history(channel=ACCESS)
    assert [message["text"] for message in short["messages"]] == ["2", "1"]
    assert short["messages"][1]["metadata"] == {"event_type": "request"}
    whole = await client.conversations_history(channel=ACCESS, include_all_metadata=True)
    assert whole["messages"][1]["metadata"] == METADATA
    after = await client.conversations_history(channel=ACCESS, oldest=first["ts"])
    assert [message["text"] for message in after["messages"]] == ["2"]
    thread = await client.conversations_replies(channel=ACCESS, ts=first["ts"])
    assert [message["text"] for message in thread["messages"]] == ["1", "reply"]


async def test_history_comes_in_pages(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A cursor leads from page to page until there is none."""
    slack.workspace.app.scopes.add("im:history")
    for number in range(5):
        await client.chat_postMessage(channel=ALICE, text=str(number))
    direct = slack.workspace.direct_with(ALICE).id
    texts, cursor = [], ""
    while True:
        got = await client.conversations_history(channel=direct, limit=2, cursor=cursor)
        texts += [message["text"] for message in got["messages"]]
        cursor = got["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert texts == ["4", "3", "2", "1", "0"]
    bad = client.conversations_history(channel=direct, cursor="!")
    assert await code(bad) == "invalid_cursor"


async def test_permalink_identifies_a_message(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A permalink contains channel and message. A missing message has none."""
    posted = await client.chat_postMessage(channel=ACCESS, text="x")
    link = await client.chat_getPermalink(channel=ACCESS, message_ts=posted["ts"])
    assert link["permalink"].endswith(f"/archives/{ACCESS}/p{posted['ts'].replace('.', '')}")
    missing = client.chat_getPermalink(channel=ACCESS, message_ts="1.000001")
    assert await code(missing) == "message_not_found"


async def test_markdown_text_is_shown_as_a_markdown_block(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=ACCESS, markdown_text="**hi**")
    (seen,) = slack.control_api.messages("access-requests", "bob")
    assert [(block["type"], block["text"]) for block in seen["blocks"]] == [("markdown", "**hi**")]
    await client.chat_update(channel=ACCESS, ts=posted["ts"], markdown_text="# bye")
    (seen,) = slack.control_api.messages("access-requests", "bob")
    assert seen["blocks"][0]["text"] == "# bye"


async def test_markdown_text_excludes_text_and_blocks(client: AsyncWebClient) -> None:
    post = client.chat_postMessage
    with_text = post(channel=ACCESS, markdown_text="x", text="x")
    assert await code(with_text) == "markdown_text_conflict"
    with_blocks = post(channel=ACCESS, markdown_text="x", blocks=[section("x")])
    assert await code(with_blocks) == "markdown_text_conflict"
    too_long = client.chat_postMessage(channel=ACCESS, markdown_text="x" * 12_001)
    assert await code(too_long) == "msg_too_long"


async def test_attachments_are_kept_until_an_update_names_them(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    attachment = {"color": "#36a64f", "fallback": "f", "text": "of old"}
    posted = await client.chat_postMessage(channel=ACCESS, attachments=[attachment])
    assert posted["message"]["attachments"] == [{**attachment, "id": 1}]
    await client.chat_update(channel=ACCESS, ts=posted["ts"], text="new")
    (seen,) = slack.control_api.messages("access-requests", "bob")
    assert (seen["text"], seen["attachments"]) == ("new", [{**attachment, "id": 1}])
    await client.chat_update(channel=ACCESS, ts=posted["ts"], text="new", attachments=[])
    (seen,) = slack.control_api.messages("access-requests", "bob")
    assert "attachments" not in seen


async def test_invalid_attachments_are_rejected(client: AsyncWebClient) -> None:
    async def refused(attachments: object) -> str:
        arguments = {"channel": ACCESS, "text": "x", "attachments": attachments}
        return await code(client.api_call("chat.postMessage", json=arguments))

    assert await refused("{") == "invalid_attachments"
    assert await refused([5]) == "invalid_attachments"
    assert await refused([{"text": "x"}] * 101) == "too_many_attachments"
    assert await refused([{"blocks": [{"type": "unheard_of"}]}]) == "invalid_blocks"

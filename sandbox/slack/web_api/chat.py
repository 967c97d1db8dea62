"""Messages: chat.postMessage, chat.update, chat.postEphemeral, chat.delete, chat.getPermalink."""

from dataclasses import replace

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.call import Call
from sandbox.slack.web_api.content import read_content, read_metadata
from sandbox.slack.wire import Blocks, JsonObject
from sandbox.slack.workspace.conversations import Conversation, Kind
from sandbox.slack.workspace.messages import Content, Message
from sandbox.slack.workspace.rendering import message_json

_LONGEST_POST = 40_000
_LONGEST_EDIT = 4000
_LONGEST_EPHEMERAL = 4000
_SHOWN = ("text", "blocks", "attachments", "markdown_text")


def post_message(call: Call) -> JsonObject:
    """Post to a channel that the app is in, or to a person's DM."""
    workspace = call.workspace
    conversation = _where_to_post(call)
    content = read_content(call.args, workspace.ids)
    message = workspace.post(
        conversation,
        replace(content, text=content.text[:_LONGEST_POST]),
        thread_ts=_thread(call, conversation),
    )
    return _answer(call, message)


def post_ephemeral(call: Call) -> JsonObject:
    """Post a message that one member of a channel sees. chat.update can't change it."""
    workspace = call.workspace
    conversation = _where_to_post(call)
    person = workspace.people.get(call.args.required("user"))
    if person is None or person.slack_user_id not in conversation.members:
        raise SlackError("user_not_in_channel")
    content = read_content(call.args, workspace.ids)
    if len(content.text.encode()) > _LONGEST_EPHEMERAL:
        raise SlackError("msg_too_long")
    message = workspace.post(
        conversation,
        content,
        shown_to=person.slack_user_id,
        thread_ts=_thread(call, conversation),
    )
    return {"message_ts": message.ts}


def update(call: Call) -> JsonObject:
    """Replace the content of one of the app's own messages.

    Text without blocks removes the blocks. Metadata and attachments that the call doesn't mention
    stay. An update of metadata alone leaves the rest unchanged.
    """
    message = _own_message(call, "cant_update_message")
    call.workspace.edit(message, _edit(call, message.content))
    return {**_answer(call, message), "text": message.content.text}


def delete(call: Call) -> JsonObject:
    message = _own_message(call, "cant_delete_message")
    call.workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def permalink(call: Call) -> JsonObject:
    conversation = call.channel()
    message = _visible_message(conversation, call.args.text("message_ts"))
    address = f"{call.backend.url}/archives/{conversation.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        address += f"?thread_ts={message.thread_ts}&cid={conversation.id}"
    return {"channel": conversation.id, "permalink": address}


def _answer(call: Call, message: Message) -> JsonObject:
    return {
        "channel": message.channel,
        "ts": message.ts,
        "message": message_json(call.workspace, message),
    }


def _where_to_post(call: Call) -> Conversation:
    """Return the conversation in `channel`: an ID, a channel's name or a user's ID.

    Raises SlackError otherwise, also for `@` and a user's name, which Slack no longer accepts.
    """
    workspace, name = call.workspace, call.args.text("channel")
    if name in workspace.people:
        return _with_messages_tab(call, call.direct_with(name))
    conversation = workspace.conversation(name)
    if conversation is None or name.startswith("@"):
        raise SlackError("channel_not_found")
    if conversation.kind is Kind.DIRECT:
        return _with_messages_tab(call, conversation)
    if workspace.app.bot_user not in conversation.members:
        _refuse_outsider(call, conversation)
    if conversation.archived:
        raise SlackError("is_archived")
    return conversation


def _with_messages_tab(call: Call, conversation: Conversation) -> Conversation:
    """Return the DM. Raises SlackError if the manifest turns the Messages tab off."""
    if not call.workspace.app.has_messages_tab:
        raise SlackError("messages_tab_disabled")
    return conversation


def _refuse_outsider(call: Call, conversation: Conversation) -> None:
    if conversation.kind is not Kind.PUBLIC:
        raise SlackError("channel_not_found")
    if "chat:write.public" not in call.workspace.app.scopes:
        raise SlackError("not_in_channel")


def _thread(call: Call, conversation: Conversation) -> str | None:
    if "thread_ts" not in call.args:
        return None
    parent = conversation.visible_message(call.args.text("thread_ts"))
    if parent is None:
        raise SlackError("cannot_reply_to_message")
    return parent.thread_ts or parent.ts


def _visible_message(conversation: Conversation, ts: str) -> Message:
    message = conversation.visible_message(ts)
    if message is None:
        raise SlackError("message_not_found")
    return message


def _own_message(call: Call, refused: str) -> Message:
    conversation = call.channel()
    if conversation.archived:
        raise SlackError("is_archived")
    message = _visible_message(conversation, call.args.text("ts"))
    if message.user != call.workspace.app.bot_user:
        raise SlackError(refused)
    return message


def _edit(call: Call, old: Content) -> Content:
    given = read_metadata(call.args)
    metadata = old.metadata if given is None else given or None
    if given is not None and not any(name in call.args for name in _SHOWN):
        return replace(old, metadata=metadata)
    new = read_content(call.args, call.workspace.ids)
    if "attachments" not in call.args:
        new = replace(new, attachments=old.attachments)
    if "markdown_text" not in call.args and len(new.text) > _LONGEST_EDIT:
        raise SlackError("msg_too_long")
    if new.blocks and _has_rich_text(old.blocks) and not _has_rich_text(new.blocks):
        raise SlackError("block_mismatch")
    return replace(new, metadata=metadata)


def _has_rich_text(blocks: Blocks) -> bool:
    return any(block["type"] == "rich_text" for block in blocks)

"""Channels and direct messages: the conversations.* methods."""

import math

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.call import Call
from sandbox.slack.web_api.paging import next_cursor, page
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.conversations import Conversation, Kind
from sandbox.slack.workspace.messages import Message
from sandbox.slack.workspace.rendering import message_json

_SCOPES = {
    Kind.PUBLIC: "channels",
    Kind.PRIVATE: "groups",
    Kind.DIRECT: "im",
    Kind.PERSONAL: "im",
    Kind.GROUP: "mpim",
}
_MOST_USERS = 8
_MOST_JOINED = 999
"""Limit of a page of users.conversations (docs.slack.dev/reference/methods/users.conversations)."""


def open_direct(call: Call) -> JsonObject:
    """Open a person's DM with the app. A second call changes nothing."""
    if "channel" in call.args:
        return _open(call, call.channel())
    users = call.args.words("users")
    if len(users) > _MOST_USERS:
        raise SlackError("too_many_users")
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > 1:
        # A group conversation needs a scope that the app doesn't request.
        call.require("mpim:write")
        raise SlackError("method_not_supported_for_channel_type")
    return _open(call, call.direct_with(users[0]))


def info(call: Call) -> JsonObject:
    conversation = call.channel()
    call.require(_SCOPES[conversation.kind] + ":read")
    return {"channel": _channel_json(call, conversation)}


def list_conversations(call: Call) -> JsonObject:
    """Return the channels of the given types. Private ones only if the app is a member."""
    types = call.args.words("types", Kind.PUBLIC.value)
    for kind, scope in _SCOPES.items():
        if kind.value in types:
            call.require(scope + ":read")
    found = [
        conversation
        for conversation in call.workspace.conversations.values()
        if conversation.kind.value in types
        and (conversation.kind is Kind.PUBLIC or _is_member(call, conversation))
        and not (conversation.archived and call.args.flag("exclude_archived"))
    ]
    shown, cursor = page(found, call.args)
    return {"channels": [_channel_json(call, one) for one in shown], **next_cursor(cursor)}


def list_joined(call: Call) -> JsonObject:
    """Return the channels of the given types that the app is in.

    Raises SlackError if a scope is missing. Slack omits `is_member` and `num_members` here.
    """
    types = call.args.words("types", Kind.PUBLIC.value)
    for kind, scope in _SCOPES.items():
        if kind.value in types:
            call.require(scope + ":read")
    found = [
        conversation
        for conversation in call.workspace.conversations.values()
        if conversation.kind.value in types
        and _is_member(call, conversation)
        and not (conversation.archived and call.args.flag("exclude_archived"))
    ]
    shown, cursor = page(found, call.args, most=_MOST_JOINED)
    channels = [_channel_json(call, one) for one in shown]
    for channel in channels:
        channel.pop("is_member", None)
        channel.pop("num_members", None)
    return {"channels": channels, **next_cursor(cursor)}


def members(call: Call) -> JsonObject:
    conversation = call.channel()
    call.require(_SCOPES[conversation.kind] + ":read")
    shown, cursor = page(sorted(conversation.members), call.args)
    return {"members": shown, **next_cursor(cursor)}


def history(call: Call) -> JsonObject:
    """Return a conversation's messages, newest first, without thread replies."""
    conversation = _readable(call)
    found = [message for message in conversation.visible_messages() if not message.is_reply]
    return _messages(call, [m for m in reversed(found) if _in_range(call, m)])


def replies(call: Call) -> JsonObject:
    """Return a thread: its parent message, then the replies, oldest first."""
    conversation = _readable(call)
    parent = conversation.visible_message(call.args.text("ts"))
    if parent is None:
        raise SlackError("thread_not_found")
    below = [m for m in conversation.replies_to(parent.ts) if _in_range(call, m)]
    return _messages(call, [parent, *below])


def _open(call: Call, conversation: Conversation) -> JsonObject:
    if conversation.kind is not Kind.DIRECT:
        raise SlackError("method_not_supported_for_channel_type")
    if call.args.flag("return_im"):
        return {"channel": _channel_json(call, conversation)}
    return {"channel": {"id": conversation.id}}


def _readable(call: Call) -> Conversation:
    conversation = call.channel()
    call.require(_SCOPES[conversation.kind] + ":history")
    if not _is_member(call, conversation):
        raise SlackError("not_in_channel")
    return conversation


def _is_member(call: Call, conversation: Conversation) -> bool:
    return call.workspace.app.bot_user in conversation.members


def _in_range(call: Call, message: Message) -> bool:
    oldest, latest = _bound(call, "oldest", 0), _bound(call, "latest", math.inf)
    ts = float(message.ts)
    if call.args.flag("inclusive"):
        return oldest <= ts <= latest
    return oldest < ts < latest


def _bound(call: Call, name: str, default: float) -> float:
    """Return a time range's bound. Raises SlackError if it isn't a timestamp."""
    text = call.args.text(name)
    try:
        return float(text) if text else default
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _messages(call: Call, found: list[Message]) -> JsonObject:
    shown, cursor = page(found, call.args)
    return {
        "messages": [_message_json(call, message) for message in shown],
        "has_more": bool(cursor),
        **next_cursor(cursor),
    }


def _message_json(call: Call, message: Message) -> JsonObject:
    whole = message_json(call.workspace, message)
    if "metadata" in whole and not call.args.flag("include_all_metadata"):
        whole["metadata"] = {"event_type": whole["metadata"]["event_type"]}
    return whole


def _channel_json(call: Call, conversation: Conversation) -> JsonObject:
    direct = conversation.kind is Kind.DIRECT
    common: JsonObject = {
        "id": conversation.id,
        "is_im": direct,
        "is_archived": conversation.archived,
        "is_shared": conversation.shared,
        "is_ext_shared": conversation.shared,
        "is_org_shared": False,
        "context_team_id": call.workspace.app.team_id,
    }
    if direct:
        bot = call.workspace.app.bot_user
        other = next(user for user in conversation.members if user != bot)
        return {**common, "user": other}
    return {
        **common,
        "name": conversation.name,
        "is_channel": conversation.kind is Kind.PUBLIC,
        "is_group": conversation.kind is Kind.PRIVATE,
        "is_private": conversation.kind is Kind.PRIVATE,
        "is_member": _is_member(call, conversation),
        "num_members": len(conversation.members),
    }

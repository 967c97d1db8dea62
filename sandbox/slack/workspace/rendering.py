"""Slack's JSON for messages and views."""

from sandbox.slack.wire import JsonObject, present
from sandbox.slack.workspace.messages import Message
from sandbox.slack.workspace.state import Workspace
from sandbox.slack.workspace.views import View, view_fields


def message_json(workspace: Workspace, message: Message) -> JsonObject:
    """Return a message in the form of the Web API and payloads."""
    content = message.content
    return present(
        {
            "type": "message",
            "user": message.user,
            "ts": message.ts,
            **_by_app(workspace, message),
            "text": content.text,
            "team": workspace.app.team_id,
            "blocks": content.blocks or None,
            "attachments": content.attachments or None,
            "metadata": content.metadata,
            **_thread(workspace, message),
            "edited": _edited(message),
        }
    )


def view_json(workspace: Workspace, view: View) -> JsonObject:
    """Return Slack's view object, including the values that the user has entered."""
    app = workspace.app
    return {
        "id": view.id,
        "team_id": app.team_id,
        "app_id": app.id,
        "app_installed_team_id": app.team_id,
        "bot_id": app.bot_id,
        **view_fields(view),
        "state": {"values": view.values()},
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
    }


def _by_app(workspace: Workspace, message: Message) -> JsonObject:
    app = workspace.app
    if message.user != app.bot_user:
        return {}
    return {"bot_id": app.bot_id, "app_id": app.id}


def _thread(workspace: Workspace, message: Message) -> JsonObject:
    if message.is_reply:
        return {"thread_ts": message.thread_ts}
    conversation = workspace.conversations[message.channel]
    count = sum(1 for _ in conversation.replies_to(message.ts))
    return {"thread_ts": message.ts, "reply_count": count} if count else {}


def _edited(message: Message) -> JsonObject | None:
    # Slack doesn't mark messages with blocks as edited.
    if len(message.versions) == 1 or message.content.blocks:
        return None
    return {"user": message.user, "ts": message.ts}

"""Payloads of the envelopes for user actions.

See docs.slack.dev/reference/interaction-payloads.
"""

from sandbox.cast import Person
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.conversations import Conversation
from sandbox.slack.workspace.messages import Message
from sandbox.slack.workspace.rendering import message_json, view_json
from sandbox.slack.workspace.state import Workspace
from sandbox.slack.workspace.views import View

# Every payload still has this token. Slack advises apps not to rely on it.
_VERIFICATION = "sandbox-verification"


def slash_command(
    workspace: Workspace,
    person: Person,
    conversation: Conversation,
    *,
    command: str,
    text: str,
) -> JsonObject:
    """Return a command's payload, without trigger and response URL."""
    app = workspace.app
    return {
        "token": _VERIFICATION,
        "team_id": app.team_id,
        "team_domain": app.team_domain,
        "channel_id": conversation.id,
        "channel_name": conversation.name_in_payloads,
        "user_id": person.slack_user_id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": app.id,
        "is_enterprise_install": "false",
    }


def interaction(workspace: Workspace, person: Person, kind: str) -> JsonObject:
    """Return the fields that all interactive payloads share."""
    app = workspace.app
    return {
        "type": kind,
        "api_app_id": app.id,
        "token": _VERIFICATION,
        "team": {"id": app.team_id, "domain": app.team_domain},
        "user": {
            "id": person.slack_user_id,
            "username": person.name,
            "name": person.name,
            "team_id": workspace.team_of(person),
        },
        "enterprise": None,
        "is_enterprise_install": False,
    }


def in_message(
    workspace: Workspace, conversation: Conversation, message: Message, block_id: str
) -> JsonObject:
    """Return the position of a block in a message. Ephemeral messages aren't included."""
    container: JsonObject = {
        **_container(message, block_id),
        "message_ts": message.ts,
        "channel_id": conversation.id,
        "is_ephemeral": message.ephemeral,
    }
    if message.thread_ts is not None:
        container["thread_ts"] = message.thread_ts
    place: JsonObject = {
        "container": container,
        "channel": {"id": conversation.id, "name": conversation.name_in_payloads},
    }
    if not message.ephemeral:
        place["message"] = message_json(workspace, message)
    return place


def _container(message: Message, block_id: str) -> JsonObject:
    for attachment_id, blocks in message.attached_blocks.items():
        if any(block["block_id"] == block_id for block in blocks):
            return {
                "type": "message_attachment",
                "attachment_id": attachment_id,
                "is_app_unfurl": False,
            }
    return {"type": "message"}


def in_view(workspace: Workspace, view: View) -> JsonObject:
    return {
        "container": {"type": "view", "view_id": view.id},
        "view": view_json(workspace, view),
    }


def event(workspace: Workspace, body: JsonObject) -> JsonObject:
    """Return an event with its outer fields."""
    app = workspace.app
    return {
        "token": _VERIFICATION,
        "team_id": app.team_id,
        "context_team_id": app.team_id,
        "context_enterprise_id": None,
        "api_app_id": app.id,
        "event": body,
        "type": "event_callback",
        "event_id": workspace.ids.event(),
        "event_time": int(workspace.now()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": app.team_id,
                "user_id": app.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{workspace.ids.secret(40)}",
    }

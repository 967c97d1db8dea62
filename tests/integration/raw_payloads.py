"""Payloads that Slack's clients can send and the stand-in's users can't."""

from typing import Any

from sandbox.slack.interactions import payloads
from sandbox.slack.socket_mode.delivery import Reply
from tests.integration.slack_driver import CHANNEL, Stage


async def deliver(stage: Stage, payload: dict[str, Any], kind: str = "interactive") -> Reply:
    return await stage.slack.delivery.deliver(kind, payload, accepts_response=True)


def from_bob(stage: Stage, kind: str, **fields: Any) -> dict[str, Any]:
    """Return an interaction of bob's in the approvers' channel."""
    return interaction_of(stage, "bob", kind, **fields)


def interaction_of(stage: Stage, who: str, kind: str, **fields: Any) -> dict[str, Any]:
    """Return an interaction in the approvers' channel."""
    conversation = stage.slack.workspace.conversation(CHANNEL)
    person = stage.slack.workspace.find_person(who)
    assert conversation is not None
    assert person is not None
    return {
        **payloads.interaction(stage.slack.workspace, person, kind),
        "channel": {"id": conversation.id, "name": CHANNEL},
        "response_url": stage.slack.response_urls.for_command(conversation, person.slack_user_id),
        **fields,
    }


def click_of_bob(stage: Stage, action_id: str, value: str) -> dict[str, Any]:
    return click_of(stage, "bob", action_id, value)


def click_of(stage: Stage, who: str, action_id: str, value: str) -> dict[str, Any]:
    action = {"type": "button", "action_id": action_id, "block_id": "b", "value": value}
    return interaction_of(stage, who, "block_actions", actions=[action])


def form_of_bob(
    stage: Stage, callback_id: str, metadata: str, **values: dict[str, Any]
) -> dict[str, Any]:
    """Return a submitted form; each key is both block ID and action ID."""
    return form_of(stage, "bob", callback_id, metadata, **values)


def form_of(
    stage: Stage, who: str, callback_id: str, metadata: str, **values: dict[str, Any]
) -> dict[str, Any]:
    """Return a submitted form; each key is both block ID and action ID."""
    view = {
        "id": "V0OLD",
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "state": {"values": {name: {name: value} for name, value in values.items()}},
    }
    return interaction_of(stage, who, "view_submission", view=view)


def command_of_bob(stage: Stage, command: str, text: str) -> dict[str, Any]:
    """Return a command with this text, escaped or not."""
    conversation = stage.slack.workspace.conversation(CHANNEL)
    person = stage.slack.workspace.find_person("bob")
    assert conversation is not None
    assert person is not None
    return {
        **payloads.slash_command(
            stage.slack.workspace, person, conversation, command=command, text=text
        ),
        "response_url": stage.slack.response_urls.for_command(conversation, person.slack_user_id),
    }

"""What somebody did in Slack, taken out of Slack's payload once and for all.

Payload shapes: docs.slack.dev/interactivity.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from commands.parsing.slack_text import unescaped


@dataclass(frozen=True, slots=True)
class ViewState:
    """A form as it stood when it was handed in."""

    id: str
    private_metadata: str
    values: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Interaction:
    name: str
    """The command, the action id or the form's callback id."""
    slack_user_id: str
    channel: str = ""
    """Where it was done; empty in forms."""
    text: str = ""
    """What follows a command, or what was typed into a menu."""
    value: str = ""
    """What a button carries."""
    on_card: bool = False
    """A click on a message that others see as well."""
    view_id: str = ""
    """The form that was clicked in."""
    on_ephemeral: bool = False
    """A click on one of our private answers."""
    form: ViewState | None = None
    trigger_id: str = field(default="", repr=False)
    response_url: str = field(default="", repr=False)


def from_command(payload: Mapping[str, Any]) -> Interaction:
    return Interaction(
        name=payload["command"],
        slack_user_id=payload["user_id"],
        channel=payload.get("channel_id", ""),
        text=unescaped(payload.get("text") or ""),
        trigger_id=payload.get("trigger_id", ""),
        response_url=payload.get("response_url", ""),
    )


def from_block_action(payload: Mapping[str, Any]) -> Interaction:
    """Slack sends one action at a time (`block_actions`)."""
    action = payload["actions"][0]
    container = payload.get("container") or {}
    message = container.get("type") == "message"
    return Interaction(
        name=action.get("action_id", ""),
        slack_user_id=payload["user"]["id"],
        channel=(payload.get("channel") or {}).get("id", ""),
        value=action.get("value") or "",
        view_id=container.get("view_id", "") if container.get("type") == "view" else "",
        on_card=message and not container.get("is_ephemeral"),
        on_ephemeral=message and bool(container.get("is_ephemeral")),
        trigger_id=payload.get("trigger_id", ""),
        response_url=payload.get("response_url", ""),
    )


def from_view_submission(payload: Mapping[str, Any]) -> Interaction:
    """A `view_submission`. It names no channel; the form's private metadata may."""
    view = payload["view"]
    return Interaction(
        name=view.get("callback_id", ""),
        slack_user_id=payload["user"]["id"],
        form=ViewState(
            id=view["id"],
            private_metadata=view.get("private_metadata", ""),
            values=(view.get("state") or {}).get("values") or {},
        ),
        trigger_id=payload.get("trigger_id", ""),
    )


def from_block_suggestion(payload: Mapping[str, Any]) -> Interaction:
    """Somebody types into a menu (`block_suggestion`)."""
    return Interaction(
        name=payload.get("action_id", ""),
        slack_user_id=payload["user"]["id"],
        text=payload.get("value") or "",
    )

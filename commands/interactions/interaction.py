"""Interactions, read from Slack's payloads (docs.slack.dev/interactivity)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from commands.parsing.slack_text import mend_text, mend_texts, unescape


@dataclass(frozen=True, slots=True)
class ViewState:
    """A form when it was submitted, or when the user selected or searched something in it."""

    id: str
    private_metadata: str
    values: Mapping[str, Mapping[str, Any]]
    view: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Slack's view object."""

    @property
    def first_input(self) -> str:
        """Block ID of the first input, empty without one. Slack shows errors beside inputs only."""
        inputs = (each for each in self.view.get("blocks", ()) if each.get("type") == "input")
        return next((str(each.get("block_id", "")) for each in inputs), "")


@dataclass(frozen=True, slots=True)
class Interaction:
    """A command, a shortcut, a click, an event, a submitted form or a typed search in a menu."""

    name: str
    """The command, the action ID or the form's callback ID."""
    slack_user_id: str
    channel: str = ""
    """Channel ID; empty in forms."""
    text: str = ""
    """The text after a command, or the text typed into a menu."""
    value: str = ""
    """The value of a button."""
    on_card: bool = False
    """Whether it is a click on a message that others in the channel see, too."""
    view_id: str = ""
    """ID of the form that has the clicked button."""
    on_home: bool = False
    """Whether it is a click in App Home, where no message can appear."""
    on_ephemeral: bool = False
    """Whether it is a click on an ephemeral response of the bot."""
    form: ViewState | None = None
    open_form: ViewState | None = None
    """The form in which the user has selected something, and which stays open."""
    message_ts: str = ""
    """Timestamp of the message that a shortcut was used on."""
    thread_ts: str = ""
    """Timestamp of the first message of that message's thread."""
    trigger_id: str = field(default="", repr=False)
    response_url: str = field(default="", repr=False)


def from_command(payload: Mapping[str, Any]) -> Interaction:
    return Interaction(
        name=payload["command"],
        slack_user_id=payload["user_id"],
        channel=payload.get("channel_id", ""),
        text=unescape(payload.get("text") or ""),
        trigger_id=payload.get("trigger_id", ""),
        response_url=payload.get("response_url", ""),
    )


def from_block_action(payload: Mapping[str, Any]) -> Interaction:
    """Read a `block_actions` payload. Slack sends one action at a time."""
    action = payload["actions"][0]
    container, view = payload.get("container") or {}, payload.get("view") or {}
    message, home = container.get("type") == "message", view.get("type") == "home"
    modal = container.get("type") == "view" and not home
    return Interaction(
        name=action.get("action_id", ""),
        slack_user_id=payload["user"]["id"],
        channel=(payload.get("channel") or {}).get("id", ""),
        value=mend_text(action.get("value") or ""),
        view_id=container.get("view_id", "") if modal else "",
        open_form=_view_state(view) if view and not home else None,
        on_home=home,
        on_card=message and not container.get("is_ephemeral"),
        on_ephemeral=message and bool(container.get("is_ephemeral")),
        trigger_id=payload.get("trigger_id", ""),
        response_url=payload.get("response_url", ""),
    )


def from_event(payload: Mapping[str, Any]) -> Interaction:
    """Read an event of one user. Its value is the tab of App Home that the user opened."""
    event = payload["event"]
    return Interaction(name=event["type"], slack_user_id=event["user"], value=event.get("tab", ""))


def from_shortcut(payload: Mapping[str, Any]) -> Interaction:
    """Read a `shortcut` payload, which has no channel, or a `message_action` payload."""
    return Interaction(
        name=payload["callback_id"],
        slack_user_id=payload["user"]["id"],
        channel=(payload.get("channel") or {}).get("id", ""),
        message_ts=payload.get("message_ts", ""),
        thread_ts=(payload.get("message") or {}).get("thread_ts", ""),
        trigger_id=payload.get("trigger_id", ""),
        response_url=payload.get("response_url", ""),
    )


def from_view_submission(payload: Mapping[str, Any]) -> Interaction:
    """Read a `view_submission` payload. Only the form's private metadata can name the channel."""
    view = payload["view"]
    return Interaction(
        name=view.get("callback_id", ""),
        slack_user_id=payload["user"]["id"],
        form=_view_state(view),
        trigger_id=payload.get("trigger_id", ""),
    )


def from_block_suggestion(payload: Mapping[str, Any]) -> Interaction:
    """Read a `block_suggestion` payload: a search in a menu."""
    return Interaction(
        name=payload.get("action_id", ""),
        slack_user_id=payload["user"]["id"],
        text=mend_text(payload.get("value") or ""),
        form=_view_state(view) if (view := payload.get("view")) else None,
    )


def _view_state(view: Mapping[str, Any]) -> ViewState:
    return ViewState(
        id=view["id"],
        private_metadata=view.get("private_metadata", ""),
        values=mend_texts((view.get("state") or {}).get("values") or {}),
        view=view,
    )

"""Messages that a person types."""

from sandbox.slack.interactions.escaping import escape
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import event
from sandbox.slack.interactions.user_action import UserAction
from sandbox.slack.wire import present
from sandbox.slack.workspace.conversations import Conversation, Kind
from sandbox.slack.workspace.messages import Content, Message
from sandbox.slack.workspace.state import Workspace

_TURNED_OFF = "Sending messages to this app has been turned off."
"""Slack's text in the Messages tab of an app that enables only its own messages."""
_EVENTS = {
    Kind.PUBLIC: ("message.channels", "channel"),
    Kind.PRIVATE: ("message.groups", "group"),
    Kind.DIRECT: ("message.im", "im"),
    Kind.PERSONAL: ("message.im", "im"),
    Kind.GROUP: ("message.mpim", "mpim"),
}
"""Name of the event in the manifest, and the event's channel type."""


async def post_message(action: UserAction) -> Outcome:
    """Post the person's message, in a thread if `thread_ts` is given.

    The app gets the event if it subscribes to it and is in the channel.
    """
    conversation = action.conversation()
    if problem := posting_problem(action.workspace, action.user, conversation):
        raise CannotActError(problem)
    message = action.workspace.post(
        conversation,
        Content(escape(action.workspace, _text(action))),
        user=action.user,
        thread_ts=_thread(action, conversation),
    )
    return await _deliver(action, conversation, message)


def posting_problem(workspace: Workspace, user: str, conversation: Conversation) -> str | None:
    """Return Slack's reason why a user can't write in a conversation, or None."""
    if user not in conversation.members:
        return "not_in_channel"
    if conversation.archived:
        return "is_archived"
    is_direct = conversation.kind is Kind.DIRECT
    return _TURNED_OFF if is_direct and not workspace.app.takes_messages else None


def _text(action: UserAction) -> str:
    text = action.field("text").strip()
    if not text:
        raise CannotActError("no_text")
    return text


def _thread(action: UserAction, conversation: Conversation) -> str | None:
    ts = action.optional("thread_ts")
    if ts is None:
        return None
    parent = conversation.visible_message(str(ts))
    if parent is None:
        raise CannotActError("thread_not_found")
    return parent.thread_ts or parent.ts


async def _deliver(action: UserAction, conversation: Conversation, message: Message) -> Outcome:
    workspace = action.workspace
    name, channel_type = _EVENTS[conversation.kind]
    features = workspace.app.features
    if features is None or name not in features.events:
        return Outcome.unsent()
    if workspace.app.bot_user not in conversation.members:
        return Outcome.unsent()
    body = {
        "type": "message",
        "user": action.user,
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "text": message.content.text,
        "team": workspace.team_of(action.person),
        "channel": conversation.id,
        "channel_type": channel_type,
        "event_ts": message.ts,
    }
    return Outcome.of(await action.backend.delivery.deliver_event(event(workspace, present(body))))

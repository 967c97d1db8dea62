"""Slash commands."""

import re

from sandbox.slack.errors import SlackError
from sandbox.slack.interactions.escaping import escape
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import slash_command
from sandbox.slack.interactions.user_action import UserAction
from sandbox.slack.response_urls.registry import ResponseUrl, answer
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.conversations import Conversation
from sandbox.slack.workspace.messages import Content

_FIRST_SPACE = re.compile(r"\s")
_NOT_VALID = (
    '{name} is not a valid command. In Slack, all messages that start with the "/" character are'
    " interpreted as commands.\n\nIf you are trying to send a message and not run a command, try"
    ' preceding the "/" with an empty space.'
)
"""Slackbot's text in a real workspace."""
_NOT_IN_THREADS = "{name} is not supported in threads. Sorry!"
"""Slack's text for a command of an app that is typed in a thread."""
_SHOWN = ("text", "blocks", "attachments", "markdown_text")


async def run_command(action: UserAction) -> Outcome:
    """Send a command to the app and show the message in its ack."""
    conversation = action.conversation()
    if action.user not in conversation.members:
        raise CannotActError("not_in_channel")
    typed = action.field("text")
    # The text after the first space reaches the app untrimmed.
    name, text = (*_FIRST_SPACE.split(typed, 1), "")[:2]
    command = action.workspace.app.command(name)
    if command is None:
        raise CannotActError(_NOT_VALID.format(name=name))
    if action.optional("thread_ts") is not None:
        raise CannotActError(_NOT_IN_THREADS.format(name=name))
    if command.should_escape:
        text = escape(action.workspace, text)
    payload = {
        **slash_command(action.workspace, action.person, conversation, command=name, text=text),
        "response_url": action.backend.response_urls.for_command(conversation, action.user),
        "trigger_id": action.backend.triggers.issue(action.user),
    }
    reply = await action.backend.delivery.deliver("slash_commands", payload, accepts_response=True)
    if reply.payload is None:
        return Outcome.of(reply)
    return Outcome.of(reply, _show(action, conversation, typed, reply.payload))


def _show(
    action: UserAction, conversation: Conversation, typed: str, response: JsonObject
) -> str | None:
    """Show the message in the ack. A public response shows the typed command first."""
    if not any(response.get(name) for name in _SHOWN):
        return None
    workspace = action.workspace
    if response.get("response_type") == "in_channel":
        workspace.post(conversation, Content(typed), user=action.user)
    entry = ResponseUrl(conversation, action.user, workspace.now(), original=None)
    try:
        answer(workspace, entry, response)
    except SlackError as error:
        return str(error)
    return None

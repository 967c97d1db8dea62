"""Typing a slash command."""

import re

from sandbox.slack.errors import SlackError
from sandbox.slack.interactions.act import Act
from sandbox.slack.interactions.escaping import escape
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import slash_command
from sandbox.slack.response_urls import ResponseUrl, answer
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
_SHOWN = ("text", "blocks", "attachments", "markdown_text")


async def run_command(act: Act) -> Outcome:
    """Send a command to the app and show the message that its ack carried."""
    conversation = act.conversation()
    if act.user not in conversation.members:
        raise CannotActError("not_in_channel")
    typed = act.field("text")
    # The text after the first space reaches the app untrimmed.
    name, text = (*_FIRST_SPACE.split(typed, 1), "")[:2]
    command = act.workspace.app.command(name)
    if command is None:
        raise CannotActError(_NOT_VALID.format(name=name))
    if command.should_escape:
        text = escape(act.workspace, text)
    payload = {
        **slash_command(act.workspace, act.person, conversation, command=name, text=text),
        "response_url": act.backend.response_urls.for_command(conversation, act.user),
        "trigger_id": act.backend.triggers.issue(act.user),
    }
    reply = await act.backend.delivery.deliver("slash_commands", payload, accepts_response=True)
    if reply.payload is None:
        return Outcome.of(reply)
    return Outcome.of(reply, _show(act, conversation, typed, reply.payload))


def _show(act: Act, conversation: Conversation, typed: str, response: JsonObject) -> str | None:
    """Show what the ack carried; a public answer shows the typed command first."""
    if not any(response.get(name) for name in _SHOWN):
        return None
    workspace = act.workspace
    if response.get("response_type") == "in_channel":
        workspace.post(conversation, Content(typed), user=act.user)
    entry = ResponseUrl(conversation, act.user, workspace.now(), original=None)
    try:
        answer(workspace, entry, response)
    except SlackError as error:
        return str(error)
    return None

"""Typing a slash command."""

from sandbox.slack.errors import SlackError
from sandbox.slack.interactions.act import Act
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import slash_command
from sandbox.slack.response_urls import ResponseUrl, answer
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.conversations import Conversation
from sandbox.slack.workspace.messages import Content

_SHOWN = ("text", "blocks", "attachments", "markdown_text")


async def run_command(act: Act) -> Outcome:
    """Send a command to the app and show the message that its ack carried."""
    conversation = act.conversation()
    if act.user not in conversation.members:
        raise CannotActError("not_in_channel")
    typed = act.field("text")
    # What comes after the first space reaches the app as it was typed.
    command, _, text = typed.partition(" ")
    if not act.workspace.app.has_command(command):
        raise CannotActError(f"{command} is not a valid command.")
    payload = {
        **slash_command(act.workspace, act.person, conversation, command=command, text=text),
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

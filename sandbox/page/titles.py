"""Titles of conversations."""

from sandbox.slack.workspace.conversations import Conversation, Kind
from sandbox.slack.workspace.state import Workspace


def conversation_title(workspace: Workspace, conversation: Conversation) -> str:
    """Return the app's name for its DMs, and `#name` for a channel."""
    if conversation.kind is Kind.DIRECT:
        return workspace.app.name
    return f"#{conversation.name}" if conversation.kind.is_channel else conversation.name

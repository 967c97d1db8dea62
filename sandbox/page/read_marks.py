"""The messages that each person has seen."""

from sandbox.slack.workspace.conversations import Conversation
from sandbox.slack.workspace.messages import Message


class ReadMarks:
    """The newest seen message of each person in each conversation, by user and channel ID."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}

    def unread(self, user: str, conversation: Conversation) -> int:
        """Return the number of new messages by others. Replies in threads don't count."""
        mark = self._seen.get((user, conversation.id), "")
        return sum(
            message.user != user and message.ts > mark for message in _listed(conversation, user)
        )

    def mark(self, user: str, conversation: Conversation) -> bool:
        """Mark all messages as seen. Return whether there were new ones."""
        had_unread = self.unread(user, conversation) > 0
        newest = max((message.ts for message in _listed(conversation, user)), default="")
        self._seen[user, conversation.id] = newest
        return had_unread


def _listed(conversation: Conversation, user: str) -> list[Message]:
    return [message for message in conversation.seen_by(user) if not message.is_reply]

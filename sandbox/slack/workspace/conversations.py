"""Channels and DMs, their members and messages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.slack.workspace.messages import Message


class Kind(StrEnum):
    PUBLIC = "public_channel"
    PRIVATE = "private_channel"
    DIRECT = "im"
    """A person's DM with the app."""
    PERSONAL = "personal_im"
    """A DM between two people, which Slack also calls `im`. The app never is in it."""
    GROUP = "mpim"
    """A DM of several people."""

    @property
    def is_channel(self) -> bool:
        return self in {Kind.PUBLIC, Kind.PRIVATE}


_NAMES_IN_PAYLOADS = {
    Kind.DIRECT: "directmessage",
    Kind.PERSONAL: "directmessage",
    Kind.PRIVATE: "privategroup",
}


@dataclass
class Conversation:
    """A list of messages. `members` are user IDs, including the app's bot."""

    id: str
    name: str
    kind: Kind
    members: set[str]
    shared: bool = False
    archived: bool = False
    _messages: dict[str, Message] = field(default_factory=dict)
    _replies: dict[str, list[Message]] = field(default_factory=dict)

    @property
    def name_in_payloads(self) -> str:
        """Return the name in payloads, which hide the names of private conversations."""
        return _NAMES_IN_PAYLOADS.get(self.kind, self.name)

    def add(self, message: Message) -> None:
        """Append a message, which must be newer than all others."""
        self._messages[message.ts] = message
        if message.is_reply:
            self._replies.setdefault(str(message.thread_ts), []).append(message)

    def message(self, ts: str) -> Message | None:
        """Return a message, even if it was deleted."""
        return self._messages.get(ts)

    def visible_message(self, ts: str) -> Message | None:
        """Return a public message that still exists."""
        message = self.message(ts)
        return message if message is not None and message.is_visible else None

    def visible_messages(self) -> Iterator[Message]:
        """Yield the public messages that still exist, oldest first."""
        return (message for message in self._messages.values() if message.is_visible)

    def seen_by(self, user: str) -> Iterator[Message]:
        """Yield the messages that one user sees, including own ephemerals, oldest first."""
        messages = self._messages.values()
        return (m for m in messages if not m.deleted and m.shown_to in (None, user))

    def replies_to(self, ts: str) -> Iterator[Message]:
        return (reply for reply in self._replies.get(ts, []) if reply.is_visible)

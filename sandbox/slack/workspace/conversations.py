"""Channels and direct messages, with who is in them and what was said."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.slack.workspace.messages import Message


class Kind(StrEnum):
    PUBLIC = "public_channel"
    PRIVATE = "private_channel"
    DIRECT = "im"


_NAMES_IN_PAYLOADS = {Kind.DIRECT: "directmessage", Kind.PRIVATE: "privategroup"}


@dataclass
class Conversation:
    """A place for messages; its members are user ids, the app's bot among them."""

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
        """Payloads do not say what private places are called."""
        return _NAMES_IN_PAYLOADS.get(self.kind, self.name)

    def add(self, message: Message) -> None:
        """Append a message; it is newer than all others."""
        self._messages[message.ts] = message
        if message.is_reply:
            self._replies.setdefault(str(message.thread_ts), []).append(message)

    def message(self, ts: str) -> Message | None:
        """A message that was ever here, deleted ones included."""
        return self._messages.get(ts)

    def visible_message(self, ts: str) -> Message | None:
        """A message for everybody that nobody deleted."""
        message = self.message(ts)
        return message if message is not None and message.is_visible else None

    def visible_messages(self) -> Iterator[Message]:
        """The messages for everybody that nobody deleted, oldest first."""
        return (message for message in self._messages.values() if message.is_visible)

    def seen_by(self, user: str) -> Iterator[Message]:
        """The messages that one person sees here, oldest first, own ephemerals included."""
        messages = self._messages.values()
        return (m for m in messages if not m.deleted and m.shown_to in (None, user))

    def replies_to(self, ts: str) -> Iterator[Message]:
        return (reply for reply in self._replies.get(ts, []) if reply.is_visible)

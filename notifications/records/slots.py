"""Slots: which of a request's messages a record is about.

A slot is the prefix of a kind of message and its address: `card:` and a channel, `dm:` and a
notice, `review:`, the reviewer's hash and a channel. The ledger stores slots, so they never change.
A request has at most one message per slot. This makes a plan idempotent: a slot that is occupied by
a message, or by the intent of one, is never posted again.
"""

from hashlib import blake2b
from typing import Protocol

from workspace.card_model.notice import Notice
from workspace.slack_ids import is_conversation_id
from workspace.text.untrusted import truncate

NAME_LENGTH = 60
"""Characters of a name in an entry."""
_CARD, _NOTICE, _REPLY = "card:", "dm:", "review:"


class Slotted(Protocol):
    """A message or an intent in an entry."""

    @property
    def slot(self) -> str: ...

    @property
    def channel(self) -> str: ...


def card_slot(channel: str) -> str:
    return f"{_CARD}{channel}"


def is_card(slot: str) -> bool:
    return slot.startswith(_CARD)


def card_address(slot: str) -> str:
    """Return the address that a card was posted to, which can be the name of a channel."""
    return slot.removeprefix(_CARD)


def notice_slot(kind: Notice | str) -> str:
    return f"{_NOTICE}{kind}"


def is_notice(slot: str) -> bool:
    return slot.startswith(_NOTICE)


_UPDATED_NOTICES = frozenset(map(notice_slot, (Notice.CREATED, Notice.APPROVED, Notice.ENDING)))


def notice_of(slot: str) -> Notice:
    """Return the kind of a notice. Raises ValueError for another slot."""
    return Notice(slot.removeprefix(_NOTICE))


def reply_slot(author: str, channel: str) -> str:
    """Teleport accepts one review per reviewer. A hash of the name keeps entries short.

    The hash is of the name as entries store it, because that is all that is known of a deleted
    request.
    """
    name = truncate(author, NAME_LENGTH).encode()
    return f"{_REPLY}{blake2b(name, digest_size=4).hexdigest()}:{channel}"


def is_reply(slot: str) -> bool:
    return slot.startswith(_REPLY)


def is_updated(slot: str) -> bool:
    """Return whether the message follows its request: cards, and three of the notices.

    These are the notices of a new request, of an approval, and of the end of the access.
    """
    return is_card(slot) or slot in _UPDATED_NOTICES


def slot_matches_channel(record: Slotted, *, posted: bool) -> bool:
    """Return whether a slot that names a channel names the channel of its message.

    Slack returns the ID of a channel for a message that was posted to a channel's name or to a
    user's ID.
    """
    address = record.slot.rpartition(":")[2]
    if record.slot == notice_slot(address) or address == record.channel:
        return True
    by_name = not is_conversation_id(address) and record.slot == card_slot(address)
    return by_name and posted and is_conversation_id(record.channel)

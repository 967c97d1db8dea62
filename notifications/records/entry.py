"""The ledger's entry of one request: its messages in Slack, their models, and open intents.

An intent is the record that a message is about to be posted. The bot writes it before it calls
Slack, because a crash or a lost response leaves open whether Slack has the message:

- After a post, the message replaces the intent.
- If Slack certainly rejected the post, the intent is marked as undelivered and posted again.
- An intent without either is open. A plan then looks for its `key` in the metadata of the messages
  in Slack's history, before anything else is posted to the same slot.

Entries are JSON in Teleport's plugin data, and older versions of the bot have written some of them.
So the names in JSON never change (`workspace.card_model.record` lists the rules), and a field whose
Python name differs has an alias.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, TypeAdapter

from notifications.records.slots import card_slot, is_card, is_notice, is_updated, notice_slot
from notifications.records.trim import minimize_card_model, trim_card_model
from workspace.card_model.notice import Notice
from workspace.card_model.record import CardModel
from workspace.moment import Moment

UNKNOWN_FINGERPRINT = "unknown"
"""Fingerprint of a message that has to be rendered again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedMessage:
    """A message that Slack has; without `ts`, one that can't be delivered."""

    slot: str
    channel: str
    ts: str
    fingerprint: Annotated[str, Field(alias="face")] = ""
    """Hash of the shown model, for messages that are updated."""
    retry_at: Annotated[Moment | None, Field(alias="rest_until")] = None
    """Time of the next update, after Slack rejected one."""
    repeat_at: Moment | None = None
    """Time of one more update. Until then, Slack can apply an earlier one without a response."""

    @property
    def is_followed(self) -> bool:
        """Return whether the bot updates the message.

        The fingerprint of an unlocked approval is empty. One on a message that is never updated
        comes from another program.
        """
        has_model = self.fingerprint or self.slot == notice_slot(Notice.APPROVED)
        return bool(self.ts and has_model and is_updated(self.slot))

    def backing_off(self, now: datetime) -> bool:
        return self.retry_at is not None and now < self.retry_at

    def is_repeated(self, now: datetime) -> bool:
        """Return whether the message is updated once more, even if its model is the same."""
        return self.repeat_at is not None and now >= self.repeat_at

    def with_fingerprint(self, fingerprint: str) -> Self:
        return replace(self, fingerprint=fingerprint, retry_at=None, repeat_at=None)

    def updated(self, fingerprint: str, now: datetime) -> Self:
        """Return the message after an update that Slack has confirmed."""
        updated = self.with_fingerprint(fingerprint)
        return updated if self.is_repeated(now) else replace(updated, repeat_at=self.repeat_at)

    def updated_uncertainly(self, repeat_at: datetime) -> Self:
        """Return the message after an update that Slack may apply, now or later."""
        return replace(self, fingerprint=UNKNOWN_FINGERPRINT, repeat_at=repeat_at)

    def mark_stale(self) -> Self:
        """Return the message with an unknown model, if it is one that the bot updates."""
        return replace(self, fingerprint=UNKNOWN_FINGERPRINT) if self.is_followed else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A message that was about to be posted. Its metadata contain `key`."""

    slot: str
    channel: str
    key: str
    at: Moment
    undelivered: Annotated[bool, Field(alias="owed")] = False
    """Whether Slack certainly doesn't have the message, so that it is posted again."""
    retry_at: Annotated[Moment | None, Field(alias="rest_until")] = None
    """Time of the next attempt, after Slack rejected one."""

    def backing_off(self, now: datetime) -> bool:
        return self.retry_at is not None and now < self.retry_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    card_model: Annotated[CardModel, Field(alias="face")]
    """Last known model, trimmed: enough to render the last card."""
    messages: tuple[PostedMessage, ...] = ()
    intents: tuple[Intent, ...] = ()
    skipped_at: Annotated[Moment | None, Field(alias="passed_over")] = None
    """First start of the bot, for an older request that gets no card."""
    recipients_incomplete: Annotated[bool, Field(alias="seeking")] = False
    """Whether some recipients aren't found yet. They get a card even of a closed request."""
    updated_at: Annotated[Moment | None, Field(alias="touched")] = None
    """Time of the last write."""

    def to_json(self) -> str:
        return _ENTRIES.dump_json(self, by_alias=True, exclude_defaults=True).decode()

    def message_for(self, slot: str) -> PostedMessage | None:
        return next((each for each in self.messages if each.slot == slot), None)

    @property
    def requester_dm(self) -> str:
        """Channel ID of an earlier DM to the requester, empty without one.

        Other programs can write entries too. Only the ID of a DM channel is used, so that a notice
        never goes to a channel with other readers.
        """
        sent = (each for each in self.messages if each.ts and is_notice(each.slot))
        return next((each.channel for each in sent if each.channel.startswith("D")), "")

    def next_retry(self, now: datetime) -> datetime | None:
        """Return the time of the next attempt at a message, after one that failed."""
        times = [each.retry_at for each in self.messages]
        times += [each.retry_at for each in self.intents]
        times += [each.repeat_at for each in self.messages]
        return min((moment for moment in times if moment and moment > now), default=None)

    def card_in(self, channel: str) -> PostedMessage | None:
        cards = (each for each in self.messages if is_card(each.slot))
        return next((each for each in cards if each.channel == channel), None)

    def readdress(self, ids: Mapping[str, str]) -> Self:
        """Replace the addresses of cards that were to be posted to the name of a channel.

        The bot is a member of a channel whose ID is known, so these cards are posted at once.
        """
        intents: dict[str, Intent] = {}
        for intent in self.intents:
            found = intent
            if channel := ids.get(intent.channel):
                slot = card_slot(channel)
                found = replace(intent, channel=channel, slot=slot, retry_at=None)
            intents.setdefault(found.slot, found)
        return replace(self, intents=tuple(intents.values()))

    def with_intents(self, intents: tuple[Intent, ...]) -> Self:
        """Add intents. They replace undelivered ones for the same slots."""
        slots = {intent.slot for intent in intents}
        left = tuple(intent for intent in self.intents if intent.slot not in slots)
        return replace(self, intents=(*left, *intents))

    def mark_undelivered(self, key: str, retry_at: datetime | None = None) -> Self:
        intents = tuple(
            replace(intent, undelivered=True, retry_at=retry_at) if intent.key == key else intent
            for intent in self.intents
        )
        return replace(self, intents=intents)

    def with_message(self, message: PostedMessage) -> Self:
        """Add a message, which fulfills every intent for its slot."""
        others = tuple(each for each in self.messages if each.slot != message.slot)
        intents = tuple(intent for intent in self.intents if intent.slot != message.slot)
        return replace(self, messages=(*others, message), intents=intents)

    def without_message(self, slot: str) -> Self:
        """Remove a message from the entry. It stays in Slack unchanged."""
        return replace(self, messages=tuple(each for each in self.messages if each.slot != slot))

    def mark_stale(self) -> Self:
        """Mark each message that the bot updates as out of date."""
        return replace(self, messages=tuple(each.mark_stale() for each in self.messages))

    def is_resolved_by(self, card_model: CardModel) -> bool:
        """Return whether a model has the resolution that the entry lacks."""
        return card_model.status.is_resolved and not self.card_model.status.is_resolved

    def with_card_model(self, card_model: CardModel) -> Self:
        """Store a newer model. A model without the known resolution is older, so it is ignored.

        Known names of resources stay if the new model has none.
        """
        if self.card_model.status.is_resolved and not card_model.status.is_resolved:
            return self
        if not card_model.resource_names:
            card_model = replace(card_model, resource_names=self.card_model.resource_names)
        return replace(self, card_model=trim_card_model(card_model))

    def minimize(self) -> Self:
        """Keep the least that the last card of a deleted request needs."""
        return replace(self, card_model=minimize_card_model(self.card_model))


_ENTRIES = TypeAdapter(Entry)


def entry_from_json(text: str) -> Entry:
    """Read the JSON of `Entry.to_json`, or of an older version. Raises ValueError."""
    return _ENTRIES.validate_json(text)

"""What the ledger keeps of one request: its messages, what they show, what was under way."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from workspace.moment import Moment
from workspace.views.card import CardModel
from workspace.views.parts.untrusted import truncate

UNKNOWN_FINGERPRINT = "unknown"
"""Fingerprint of nothing, for a card that has to be drawn anew."""
CARD, NOTICE = "card:", "dm:"
"""Begin the slots of cards and of messages to the requester."""
NAME_LENGTH, _TEXT = 60, 300
"""Characters."""
_MOST_NAMES, _FEW_NAMES, _MOST_VOTES = 50, 6, 12


class PostedMessage(BaseModel):
    """A message that Slack has; or, without `ts`, one that it will never take."""

    model_config = ConfigDict(frozen=True)

    slot: str
    channel: str
    ts: str
    face: str = ""
    """Fingerprint of what it shows, for messages that are kept up to date."""
    rest_until: Moment | None = None
    """Not to be edited before, since Slack will not take it now."""

    def backing_off(self, now: datetime) -> bool:
        return self.rest_until is not None and now < self.rest_until

    def with_fingerprint(self, face: str) -> Self:
        return self.model_copy(update={"face": face, "rest_until": None})


class Intent(BaseModel):
    """A message that was about to be posted. `key` is in its metadata, if it got there."""

    model_config = ConfigDict(frozen=True)

    slot: str
    channel: str
    key: str
    at: Moment
    owed: bool = False
    """Known not to have got there, and still to be posted."""
    rest_until: Moment | None = None
    """Not to be tried before, since Slack will not take it now."""

    def backing_off(self, now: datetime) -> bool:
        return self.rest_until is not None and now < self.rest_until


class Entry(BaseModel):
    """Our record of one request. Mostly under 2 KB; never over 32 KB."""

    model_config = ConfigDict(frozen=True)

    face: CardModel
    """What was last known, short of its longest texts: enough to draw the last card."""
    messages: tuple[PostedMessage, ...] = ()
    intents: tuple[Intent, ...] = ()
    passed_over: Moment | None = None
    """Set to the very first start of the bot, before which this existed; gets no card."""
    seeking: bool = False
    """Whether some recipients could not be found yet; they get a card also of what is decided."""
    touched: Moment | None = None
    """When this was last written."""

    def shown(self, slot: str) -> PostedMessage | None:
        return next((each for each in self.messages if each.slot == slot), None)

    @property
    def requester_dm(self) -> str:
        """Conversation in which the requester got a message, empty if there is none.

        Others may write here. Only an ID of a direct message channel counts, so that a notice
        never goes to a channel that others read.
        """
        sent = (each for each in self.messages if each.ts and each.slot.startswith(NOTICE))
        return next((each.channel for each in sent if each.channel.startswith("D")), "")

    def next_retry(self, now: datetime) -> datetime | None:
        """When the next message is to be tried again that Slack would not take."""
        rests = [each.rest_until for each in self.messages]
        rests += [each.rest_until for each in self.intents]
        return min((moment for moment in rests if moment and moment > now), default=None)

    def card_in(self, channel: str) -> PostedMessage | None:
        cards = (each for each in self.messages if each.slot.startswith(CARD))
        return next((each for each in cards if each.channel == channel), None)

    def readdressed(self, ids: Mapping[str, str]) -> Self:
        """Note the IDs of channels that cards were to be posted to by name.

        The bot is in a channel whose ID it knows, so nothing has to wait for an invitation.
        """
        intents: dict[str, Intent] = {}
        for intent in self.intents:
            found = intent
            if channel := ids.get(intent.channel):
                known = {"channel": channel, "slot": f"{CARD}{channel}", "rest_until": None}
                found = intent.model_copy(update=known)
            intents.setdefault(found.slot, found)
        return self.model_copy(update={"intents": tuple(intents.values())})

    def with_intents(self, intents: tuple[Intent, ...]) -> Self:
        """Add intents in the place of owed ones for the same slots."""
        slots = {intent.slot for intent in intents}
        left = tuple(intent for intent in self.intents if intent.slot not in slots)
        return self.model_copy(update={"intents": (*left, *intents)})

    def mark_undelivered(self, key: str, rest_until: datetime | None = None) -> Self:
        """Note that the message with `key` never got there."""
        owed = {"owed": True, "rest_until": rest_until}
        intents = tuple(
            intent.model_copy(update=owed) if intent.key == key else intent
            for intent in self.intents
        )
        return self.model_copy(update={"intents": intents})

    def with_message(self, message: PostedMessage) -> Self:
        """Note a message, which settles every intent for its slot."""
        others = tuple(each for each in self.messages if each.slot != message.slot)
        intents = tuple(intent for intent in self.intents if intent.slot != message.slot)
        return self.model_copy(update={"messages": (*others, message), "intents": intents})

    def without_message(self, slot: str) -> Self:
        """Forget a message, which stays as it is in Slack."""
        others = tuple(each for each in self.messages if each.slot != slot)
        return self.model_copy(update={"messages": others})

    def mark_stale(self) -> Self:
        """Take no card for up to date."""
        messages = tuple(
            each.model_copy(update={"face": UNKNOWN_FINGERPRINT}) if each.face else each
            for each in self.messages
        )
        return self.model_copy(update={"messages": messages})

    def with_face(self, face: CardModel) -> Self:
        """Remember what is known now. A decision stays: whoever knows of none saw less.

        The same holds for names of resources.
        """
        if self.face.status.is_resolved and not face.status.is_resolved:
            return self
        if not face.resource_names:
            face = replace(face, resource_names=self.face.resource_names)
        return self.model_copy(update={"face": trimmed(face)})

    def minimal(self) -> Self:
        """Keep the barest face; nothing but the last card of a request that is gone needs it."""
        bare = replace(
            self.face, reason="", resources=(), resource_names=(), progress=(), votes=(),
            reviewers=(), roles=self.face.roles[:_FEW_NAMES],
            decided_by=self.face.decided_by[:_FEW_NAMES],
        )  # fmt: skip
        return self.model_copy(update={"face": bare})


def trimmed(face: CardModel) -> CardModel:
    """Cut a face down to what is worth keeping."""
    return replace(
        face,
        user=truncate(face.user, NAME_LENGTH),
        roles=_names(face.roles),
        resources=_names(face.resources),
        resource_names=_names(face.resource_names),
        reason=truncate(face.reason, _TEXT),
        progress=tuple(truncate(row, _TEXT) for row in face.progress[:_MOST_VOTES]),
        votes=tuple(
            replace(
                vote,
                author=truncate(vote.author, NAME_LENGTH),
                reason=truncate(vote.reason, _TEXT),
            )
            for vote in face.votes[:_MOST_VOTES]
        ),
        decided_by=_names(face.decided_by),
        resolve_reason=truncate(face.resolve_reason, _TEXT),
        promoted_to=truncate(face.promoted_to, NAME_LENGTH),
        reviewers=_names(face.reviewers),
        access_for=None,
    )


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(truncate(name, NAME_LENGTH) for name in names[:_MOST_NAMES])

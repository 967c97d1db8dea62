"""The rules of what is shown to whom, as one pure function."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from types import MappingProxyType
from typing import TypeAlias

from notifications.records.entry import (
    CARD,
    NAME_LENGTH,
    NOTICE,
    Entry,
    Intent,
    PostedMessage,
    trimmed,
)
from notifications.routing.address import is_conversation_id
from teleport_client.model.access_request import AccessRequest
from workspace.requests.claim import Claim
from workspace.requests.review_policy import ReviewPolicy
from workspace.views.card import (
    CardModel,
    CardReview,
    card_model,
    closed_model,
    fingerprint,
    request_url,
)
from workspace.views.notices import OUTCOMES, Notice
from workspace.views.parts.status import Status
from workspace.views.parts.untrusted import truncate
from workspace.views.review_reply import progress_after

ANNOUNCE_MAX_AGE = timedelta(hours=24)
DECIDED_MAX_AGE = timedelta(hours=1)
REVIEWER_MESSAGES = 20
"""As many as may be named in Slack. tsh has no limit, and access lists may suggest many more."""
_REPLY = "review:"
_MOST_REPLIES, _REPLIES_AT_ONCE = 100, 16
"""An entry names every reply, and first the intent of each that is under way; both have to fit."""


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What holds for every request alike."""

    request_url_base: str = ""
    """Address that request ids are appended to, where Teleport has pages for them."""
    cluster: str = ""
    """Name of the bot's own cluster."""
    deciding: ReviewPolicy = field(default_factory=ReviewPolicy)
    first_started: datetime | None = None
    """Set where this ledger's very first start is known: what existed before may be too old."""
    announce_max_age: timedelta = ANNOUNCE_MAX_AGE
    reviewer_messages: int = REVIEWER_MESSAGES
    """How many suggested reviewers of one request get a direct message."""


@dataclass(frozen=True, slots=True)
class Details:
    """What is known about a request besides itself."""

    claim: Claim | None = None
    """Who resolved it from Slack."""
    host_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Names of hosts by ID, as far as they are known by now."""


NO_DETAILS = Details()


@dataclass(frozen=True, slots=True)
class PostCard:
    channel: str

    @property
    def slot(self) -> str:
        return card_slot(self.channel)


@dataclass(frozen=True, slots=True)
class UpdateMessage:
    """Show in a message what holds now."""

    message: PostedMessage

    @property
    def slot(self) -> str:
        return self.message.slot


@dataclass(frozen=True, slots=True)
class SendNotice:
    """Send the requester a direct message."""

    notice: Notice

    @property
    def slot(self) -> str:
        return notice_slot(self.notice)


@dataclass(frozen=True, slots=True)
class PostReply:
    """Tell of one review in the thread of a card."""

    channel: str
    thread_ts: str
    vote: CardReview
    standing: str
    """How far the request had come with it."""

    @property
    def slot(self) -> str:
        return reply_slot(self.vote.author, self.channel)


@dataclass(frozen=True, slots=True)
class RecoverMessage:
    """Find out whether a message that was about to be posted is there."""

    intent: Intent
    thread_ts: str = ""
    """Of the thread that it belongs into, for replies."""

    @property
    def slot(self) -> str:
        return self.intent.slot


@dataclass(frozen=True, slots=True)
class SkipRequest:
    """Record that this request is not announced."""


Action: TypeAlias = PostCard | UpdateMessage | SendNotice | PostReply | RecoverMessage | SkipRequest


@dataclass(frozen=True, slots=True)
class Plan:
    face: CardModel | None
    """What is to be shown; None when there is nothing to show and never was."""
    actions: tuple[Action, ...] = ()


def plan(
    request: AccessRequest | None,
    entry: Entry | None,
    channels: Sequence[str],
    now: datetime,
    context: PlanContext,
    *,
    expired: bool = False,
    details: Details = NO_DETAILS,
) -> Plan:
    """Compare what is with what is shown.

    `channels` are the ids of those that get this request's card. A request that is gone is shown
    from what the entry remembers of it. `expired` means that Teleport no longer lists it.
    """
    if request is not None:
        face: CardModel | None = face_in(request, context, details, expired=expired)
    else:
        face = _face_on_record(entry, now, context)
    if face is None:
        return Plan(None)
    if entry is None and request is not None and passed_over(request, now, context):
        return Plan(face, (SkipRequest(),))
    due = tuple(_channels_due(face, entry, channels, gone=request is None))
    actions = (*_diff(face, entry, due, now), *_replies(request, face, entry, now))
    return Plan(face, actions)


def passed_over(request: AccessRequest, now: datetime, context: PlanContext) -> bool:
    """Whether a request of before the very first start is left alone.

    Teleport keeps no time of decision, so the last review stands for it.
    """
    if context.first_started is None or request.created is None:
        return False
    if request.created >= context.first_started:
        return False
    if request.pending:
        return now - request.created > context.announce_max_age
    touched = max((r.created for r in request.reviews if r.created), default=request.created)
    return now - max(touched, request.created) > DECIDED_MAX_AGE


def model_fingerprint(face: CardModel) -> str:
    """Fingerprint what the ledger keeps of a face, so that a request's end alone is no change."""
    return fingerprint(trimmed(face))


def shown_in(slot: str, face: CardModel) -> str:
    """Fingerprint what a message shows that is kept up to date, empty for any other.

    A notice that a request waits says no more of its end than which one it is.
    """
    if slot == notice_slot(Notice.CREATED):
        return OUTCOMES.get(face.status, Notice.CREATED)
    return "" if slot.startswith((NOTICE, _REPLY)) else model_fingerprint(face)


def face_in(
    request: AccessRequest,
    context: PlanContext,
    details: Details = NO_DETAILS,
    *,
    expired: bool = False,
) -> CardModel:
    """Draw a request as it stands."""
    face = card_model(
        request,
        request_url_base=context.request_url_base,
        mode=context.deciding.mode_of(request),
        cluster=context.cluster,
        expired=expired,
        claim=details.claim,
        host_names=details.host_names,
    )
    total = len(request.suggested_reviewers) + request.more_reviewers
    if not request.pending or total <= context.reviewer_messages:
        return face
    return replace(face, messaged=(context.reviewer_messages, total))


def card_slot(channel: str) -> str:
    return f"{CARD}{channel}"


def announced(entry: Entry | None) -> bool:
    """Whether any channel has a card of it."""
    return entry is not None and any(m.slot.startswith(CARD) for m in entry.messages)


def notice_slot(kind: Notice | str) -> str:
    return f"{NOTICE}{kind}"


def reply_slot(author: str, channel: str) -> str:
    """Teleport takes one review of each person. A hash keeps entries short.

    Of the name as entries keep it: of a request that is gone there is no other.
    """
    name = truncate(author, NAME_LENGTH).encode()
    return f"{_REPLY}{blake2b(name, digest_size=4).hexdigest()}:{channel}"


def slot_matches_channel(message: PostedMessage | Intent) -> bool:
    """Whether a slot that names a channel names the one that its message is in.

    Slack turns a name or a user's ID into the ID of a conversation.
    """
    where = message.slot.rpartition(":")[2]
    if message.slot == notice_slot(where) or where == message.channel:
        return True
    by_name = not is_conversation_id(where) and message.slot == card_slot(where)
    return by_name and isinstance(message, PostedMessage) and is_conversation_id(message.channel)


def _face_on_record(entry: Entry | None, now: datetime, context: PlanContext) -> CardModel | None:
    if entry is None:
        return None
    # Not as it is on record, where others may write: people go to this address.
    return replace(
        closed_model(entry.face, now), page=request_url(entry.face.id, context.request_url_base)
    )


def _diff(
    face: CardModel, entry: Entry | None, due: Sequence[str], now: datetime
) -> Iterator[Action]:
    filled = _occupied_slots(entry, now)
    for intent in entry.intents if entry else ():
        if not intent.owed:
            yield RecoverMessage(intent, _thread_of(intent, entry))
    for channel in due:
        if card_slot(channel) not in filled:
            yield PostCard(channel)
    for message in entry.messages if entry else ():
        if entry and _is_old(message, face, entry) and not message.backing_off(now):
            yield UpdateMessage(message)
    for kind in _notices(face, entry):
        if notice_slot(kind) not in filled:
            yield SendNotice(kind)


def _is_old(message: PostedMessage, face: CardModel, entry: Entry) -> bool:
    """Whether a message shows something else. Names that are not known yet change nothing."""
    if not message.face or not message.ts:
        return False
    faces = [face]
    if not face.resource_names:
        faces.append(replace(face, resource_names=entry.face.resource_names))
    return message.face not in {shown_in(message.slot, each) for each in faces}


def _replies(
    request: AccessRequest | None, face: CardModel, entry: Entry | None, now: datetime
) -> Iterator[Action]:
    """Each review is told once under each card, also one that came before the card."""
    filled = _occupied_slots(entry, now)
    told = sum(slot.startswith(_REPLY) for slot in filled)
    return islice(
        _missing_replies(request, face, entry, filled),
        max(0, min(_REPLIES_AT_ONCE, _MOST_REPLIES - told)),
    )


def _missing_replies(
    request: AccessRequest | None, face: CardModel, entry: Entry | None, filled: set[str]
) -> Iterator[PostReply]:
    for card in entry.messages if entry else ():
        if not card.ts or not card.slot.startswith(CARD):
            continue
        for vote in face.votes:
            slot = reply_slot(vote.author, card.channel)
            if slot not in filled:
                filled.add(slot)
                standing = progress_after(request, vote.author) if request else ""
                yield PostReply(card.channel, card.ts, vote, standing)


def _occupied_slots(entry: Entry | None, now: datetime) -> set[str]:
    """Slots for which there is nothing to do now."""
    if entry is None:
        return set()
    under_way = {each.slot for each in entry.intents if not each.owed or each.backing_off(now)}
    # A card that was addressed by name is in a channel that may be known by its ID by now.
    cards = {card_slot(each.channel) for each in entry.messages if each.slot.startswith(CARD)}
    return under_way | cards | {message.slot for message in entry.messages}


def _thread_of(intent: Intent, entry: Entry | None) -> str:
    card = entry.card_in(intent.channel) if entry else None
    return card.ts if card is not None and intent.slot.startswith(_REPLY) else ""


def _channels_due(
    face: CardModel, entry: Entry | None, channels: Sequence[str], *, gone: bool
) -> Iterator[str]:
    """Channels that should have a card: all while it waits, and after that where one is owed.

    Of a request that is gone nothing but its record says whose it was.
    """
    waits = not face.status.decided
    if entry is None or (not entry.passed_over and (waits or entry.seeking)):
        yield from dict.fromkeys(channels)
    else:
        for intent in entry.intents:
            named = gone or intent.channel in channels
            if named and intent.owed and intent.slot == card_slot(intent.channel):
                yield intent.channel


def _notices(face: CardModel, entry: Entry | None) -> Iterator[Notice]:
    """The requester hears that it waits, and then each outcome; never what was over before."""
    if not face.status.decided:
        if entry is None or not entry.passed_over:
            yield Notice.CREATED
        return
    if entry is not None and entry.passed_over and entry.face.status is not Status.WAITING:
        return
    yield OUTCOMES[face.status]

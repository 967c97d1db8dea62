"""The rules for the messages of a request, as one pure function.

`plan` compares the request with its entry in the ledger and returns the actions that are missing
between them. It reads no clock and calls nothing, so its tests need no server. The reconciler plans
again after each action, so a plan contains every message that is missing now and relies on no
earlier plan. Rules that depend on an order:

- An open intent blocks its slot until it is recovered: the message may be in Slack already.
- A reply needs the `ts` of its card, so it follows a plan or more after the card.
- A closed request gets no new card, except where a card was due before: an undelivered one, or one
  for a recipient that wasn't found. A deleted request gets cards from its entry alone.
- A request from before the bot's first start can be too old for a card. An entry records that it
  was skipped, so every later plan skips it too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from types import MappingProxyType
from typing import TypeAlias

from notifications.end_warning import is_current, warning_time
from notifications.records.entry import Entry, Intent, PostedMessage
from notifications.records.slots import (
    card_slot,
    is_card,
    is_reply,
    notice_slot,
    reply_slot,
)
from notifications.slot_fingerprints import slot_fingerprint
from teleport_client.model.access_request import AccessRequest
from workspace.card_model.build import build_card_model, close_card_model, request_url
from workspace.card_model.notice import OUTCOMES, Notice
from workspace.card_model.progress import progress_after
from workspace.card_model.record import (
    CardLock,
    CardModel,
    CardReview,
)
from workspace.card_model.status import Status
from workspace.requests.cancellation import Cancellation
from workspace.requests.claim import Claim
from workspace.requests.request_draft import MOST_REVIEWERS
from workspace.requests.review_policy import ReviewPolicy

ANNOUNCE_MAX_AGE = timedelta(hours=24)
_CLOSED_MAX_AGE = timedelta(hours=1)
_MAX_REPLIES, _MAX_NEW_REPLIES = 100, 16
"""Replies of one request, and in one plan. An entry contains each reply, and first the intent of
each reply in flight; both have to fit."""


@dataclass(frozen=True, slots=True)
class PlanContext:
    """The same for all requests."""

    request_url_base: str = ""
    """URL that request IDs are appended to, if Teleport has pages for them."""
    cluster: str = ""
    """Name of the bot's own cluster."""
    review_policy: ReviewPolicy = field(default_factory=ReviewPolicy)
    first_started: datetime | None = None
    """The bot's very first start, if the ledger shows it. Requests from before may be too old."""
    announce_max_age: timedelta = ANNOUNCE_MAX_AGE
    reviewer_messages: int = MOST_REVIEWERS
    """Limit of DMs to the suggested reviewers of one request."""
    can_lock: Callable[[], bool] = lambda: False
    """Whether users can lock approved access from Slack."""
    receives_clicks: bool = True
    """Whether clicks reach the bot."""
    warn_before_end: timedelta = timedelta()
    """Time between the warning and the end of access; zero for no warnings."""


@dataclass(frozen=True, slots=True)
class Details:
    """Facts about a request that Teleport stores elsewhere."""

    claim: Claim | None = None
    """Claim of the approver in Slack."""
    host_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Known names of hosts, by ID."""
    cancellation: Cancellation | None = None
    """Cancellation of a deleted request."""
    lock: CardLock | None = None
    """Lock in force on the request, the recorded one if the locks aren't known."""


NO_DETAILS = Details()


@dataclass(frozen=True, slots=True)
class PostCard:
    channel: str

    @property
    def slot(self) -> str:
        return card_slot(self.channel)


@dataclass(frozen=True, slots=True)
class UpdateMessage:
    """Show the current model in a message."""

    message: PostedMessage

    @property
    def slot(self) -> str:
        return self.message.slot


@dataclass(frozen=True, slots=True)
class SendNotice:
    """Send the requester a DM."""

    notice: Notice
    announced: bool = True
    """Whether a channel or a reviewer gets the card."""
    before_end: timedelta | None = None
    """The time before the end of access in which a warning is sent. None for other notices."""

    @property
    def slot(self) -> str:
        return notice_slot(self.notice)


@dataclass(frozen=True, slots=True)
class PostReply:
    """Post a review in the thread of a card."""

    channel: str
    thread_ts: str
    review: CardReview
    progress_text: str
    """Progress of the request right after the review."""

    @property
    def slot(self) -> str:
        return reply_slot(self.review.author, self.channel)


@dataclass(frozen=True, slots=True)
class RecoverMessage:
    """Find out whether Slack has the message of an open intent."""

    intent: Intent
    thread_ts: str = ""
    """Thread of a reply."""

    @property
    def slot(self) -> str:
        return self.intent.slot


@dataclass(frozen=True, slots=True)
class SkipRequest:
    """Record that this request gets no card."""


Action: TypeAlias = PostCard | UpdateMessage | SendNotice | PostReply | RecoverMessage | SkipRequest


@dataclass(frozen=True, slots=True)
class Plan:
    card_model: CardModel | None
    """Model to show. None for an unknown request without an entry."""
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
    reaches_someone: bool = True,
) -> Plan:
    """Return the difference between the desired and the recorded messages.

    `channels` are the addresses that get this request's card. Without a request, the model comes
    from the entry. `expired` means that Teleport no longer lists the request.
    `reaches_someone` is false if none of the channels accepts messages.
    """
    if request is not None:
        card_model: CardModel | None = current_card_model(
            request, context, details, expired=expired
        )
    else:
        card_model = _recorded_card_model(entry, now, context, details)
    if card_model is None:
        return Plan(None)
    if entry is None and request is not None and should_skip(request, now, context):
        return Plan(card_model, (SkipRequest(),))
    due = tuple(_channels_due(card_model, entry, channels, gone=request is None))
    actions = (
        *_diff(card_model, entry, due, now),
        *_missing_notices(card_model, entry, now, announced=reaches_someone),
        *_warning(request, card_model, entry, now, context.warn_before_end),
        *_replies(request, card_model, entry, now),
    )
    return Plan(card_model, actions)


def should_skip(request: AccessRequest, now: datetime, context: PlanContext) -> bool:
    """Return whether a request from before the very first start is too old for a card.

    Teleport stores no time of resolution, so the last review replaces it.
    """
    if context.first_started is None or request.created is None:
        return False
    if request.created >= context.first_started:
        return False
    if request.pending:
        return now - request.created > context.announce_max_age
    reviewed = max((r.created for r in request.reviews if r.created), default=request.created)
    return now - max(reviewed, request.created) > _CLOSED_MAX_AGE


def current_card_model(
    request: AccessRequest,
    context: PlanContext,
    details: Details = NO_DETAILS,
    *,
    expired: bool = False,
) -> CardModel:
    card_model = build_card_model(
        request,
        request_url_base=context.request_url_base,
        mode=context.review_policy.mode_of(request),
        cluster=context.cluster,
        expired=expired,
        claim=details.claim,
        host_names=details.host_names,
        lock=details.lock,
        can_lock=context.can_lock(),
        confirm_roles=context.review_policy.roles_to_confirm(request.roles),
    )
    card_model = replace(card_model, has_details=context.receives_clicks)
    total = len(request.suggested_reviewers) + request.more_reviewers
    if not request.pending or total <= context.reviewer_messages:
        return card_model
    return replace(card_model, messaged=(context.reviewer_messages, total))


def has_card(entry: Entry | None) -> bool:
    """Return whether any channel has a card of the request."""
    return entry is not None and any(is_card(message.slot) for message in entry.messages)


def _recorded_card_model(
    entry: Entry | None, now: datetime, context: PlanContext, details: Details
) -> CardModel | None:
    if entry is None:
        return None
    # Other programs can write entries, and users open this URL, so it is never read from one.
    url = request_url(entry.card_model.id, context.request_url_base)
    recorded = replace(entry.card_model, lock=details.lock)
    return replace(close_card_model(recorded, now, details.cancellation), request_url=url)


def _diff(
    card_model: CardModel, entry: Entry | None, due: Sequence[str], now: datetime
) -> Iterator[Action]:
    occupied = _occupied_slots(entry, now)
    for intent in entry.intents if entry else ():
        if not intent.undelivered:
            yield RecoverMessage(intent, _thread_of(intent, entry))
    for channel in due:
        if card_slot(channel) not in occupied:
            yield PostCard(channel)
    for message in entry.messages if entry else ():
        if entry and _needs_update(message, card_model, entry, now):
            yield UpdateMessage(message)


def _missing_notices(
    card_model: CardModel, entry: Entry | None, now: datetime, *, announced: bool
) -> Iterator[SendNotice]:
    occupied = _occupied_slots(entry, now)
    for kind in _notices(card_model, entry):
        if notice_slot(kind) not in occupied:
            yield SendNotice(kind, announced=announced or kind is not Notice.CREATED)


def _warning(
    request: AccessRequest | None,
    card_model: CardModel,
    entry: Entry | None,
    now: datetime,
    before_end: timedelta,
) -> Iterator[SendNotice]:
    """Yield the warning that access ends, after the notice about the approval."""
    if request is None or entry is None or warning_time(request, before_end) is None:
        return
    told = all(entry.message_for(notice_slot(each)) for each in _notices(card_model, entry))
    free = notice_slot(Notice.ENDING) not in _occupied_slots(entry, now)
    if told and free and is_current(card_model, before_end, now):
        yield SendNotice(Notice.ENDING, before_end=before_end)


def _needs_update(
    message: PostedMessage, card_model: CardModel, entry: Entry, now: datetime
) -> bool:
    """Return whether a message may show another model. Unknown names alone change nothing."""
    if not message.is_followed or message.backing_off(now):
        return False
    models = [card_model]
    if not card_model.resource_names:
        models.append(replace(card_model, resource_names=entry.card_model.resource_names))
    current = {slot_fingerprint(message.slot, each) for each in models}
    return message.is_repeated(now) or message.fingerprint not in current


def _replies(
    request: AccessRequest | None, card_model: CardModel, entry: Entry | None, now: datetime
) -> Iterator[Action]:
    """Yield a reply for each review under each card, even for reviews from before the card."""
    occupied = _occupied_slots(entry, now)
    count = sum(map(is_reply, occupied))
    return islice(
        _missing_replies(request, card_model, entry, occupied),
        max(0, min(_MAX_NEW_REPLIES, _MAX_REPLIES - count)),
    )


def _missing_replies(
    request: AccessRequest | None, card_model: CardModel, entry: Entry | None, occupied: set[str]
) -> Iterator[PostReply]:
    for card in entry.messages if entry else ():
        if not card.ts or not is_card(card.slot):
            continue
        for review in card_model.reviews:
            slot = reply_slot(review.author, card.channel)
            if slot not in occupied:
                occupied.add(slot)
                progress_text = progress_after(request, review.author) if request else ""
                yield PostReply(card.channel, card.ts, review, progress_text)


def _occupied_slots(entry: Entry | None, now: datetime) -> set[str]:
    """Return the slots that need no action now."""
    if entry is None:
        return set()
    started = {e.slot for e in entry.intents if not e.undelivered or e.backing_off(now)}
    # The ID of a channel may be known since its card was posted to the channel's name.
    cards = {card_slot(each.channel) for each in entry.messages if is_card(each.slot)}
    return started | cards | {message.slot for message in entry.messages}


def _thread_of(intent: Intent, entry: Entry | None) -> str:
    card = entry.card_in(intent.channel) if entry else None
    return card.ts if card is not None and is_reply(intent.slot) else ""


def _channels_due(
    card_model: CardModel, entry: Entry | None, channels: Sequence[str], *, gone: bool
) -> Iterator[str]:
    """Yield the channels that should have a card.

    While the request is pending, these are all channels. After that, they are those whose card
    wasn't delivered. Only the entry shows the channels of a deleted request.
    """
    if entry is None or (
        not entry.skipped_at and (not card_model.status.closed or entry.recipients_incomplete)
    ):
        yield from dict.fromkeys(channels)
        return
    for intent in entry.intents:
        routed = gone or intent.channel in channels
        if routed and intent.undelivered and intent.slot == card_slot(intent.channel):
            yield intent.channel


def _notices(card_model: CardModel, entry: Entry | None) -> Iterator[Notice]:
    """Yield the notice of the current status. A skipped request gets only later outcomes."""
    skipped = entry is not None and entry.skipped_at is not None
    if not card_model.status.closed:
        if not skipped:
            yield Notice.CREATED
        return
    if entry is not None and skipped and entry.card_model.status is not Status.WAITING:
        return
    if card_model.status in OUTCOMES:
        yield OUTCOMES[card_model.status]

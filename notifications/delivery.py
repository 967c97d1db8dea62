"""Carry one message to Slack and say what the ledger should make of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias
from uuid import uuid4

import structlog
from slack_sdk.errors import SlackApiError

from notifications.entry import CARD, UNKNOWN_FACE, Entry, Intent, PostedMessage
from notifications.history import History, Unreadable
from notifications.plan import (
    EditMessage,
    PostCard,
    Reply,
    Resolve,
    Tell,
    card_slot,
    notice_slot,
    reply_slot,
    shown_in,
)
from notifications.recipients import Recipients
from workspace.contacts import Contacts, NoContact
from workspace.fence import NotSending
from workspace.outbox import Outbox
from workspace.slack_failure import (
    SLACK_ERRORS,
    Edit,
    Failure,
    Post,
    error_code,
    failure_of,
    in_words,
    may_pass,
    rule_of,
)
from workspace.turns import MessageRef, Priority
from workspace.views.card import CardFace, card
from workspace.views.message import Message
from workspace.views.notices import Notice, notice
from workspace.views.review_reply import review_reply

REST = timedelta(minutes=4)
"""Before what Slack does not take is tried again."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


Face: TypeAlias = Callable[[], CardFace]
"""Gives what a request's messages are to show now."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A message to post: where, what for, and how it is drawn when its turn comes."""

    intent: Intent
    draw: Callable[[CardFace], Message]
    priority: Priority
    thread_ts: str = ""
    """Of the message that it hangs on, for replies."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message."""

    shown: PostedMessage | None = None
    """What Slack has now."""
    settles: str = ""
    """Key of the intent that it was posted for; an edited one is known by its ts."""
    owed: str = ""
    """Key of an intent that came to nothing. One that is neither settled nor owed stays open."""
    rest_until: datetime | None = None
    error: Exception | None = None
    """Set where it has to be tried again."""
    replaced: Intent | None = None
    """A card to post in the place of one that cannot be edited."""

    def noted_in(self, entry: Entry) -> Entry:
        """Give the record with it, unless somebody else has put something in its place."""
        if self.replaced:
            entry = entry.without_message(self.replaced.slot).with_intents((self.replaced,))
        if self.owed:
            entry = entry.owing(self.owed, self.rest_until)
        return entry.with_message(self.shown) if self.shown and self._fits(entry) else entry

    def _fits(self, entry: Entry) -> bool:
        if self.settles:
            return any(intent.key == self.settles for intent in entry.intents)
        before = self.shown and entry.shown(self.shown.slot)
        return bool(self.shown and before and before.ts == self.shown.ts)


class Delivery:
    def __init__(
        self,
        outbox: Outbox,
        recipients: Recipients,
        contacts: Contacts,
        history: History,
        *,
        now: Callable[[], datetime],
        rest: timedelta = REST,
    ) -> None:
        self._outbox = outbox
        self._recipients = recipients
        self._contacts = contacts
        self._history = history
        self._now = now
        self._rest = rest

    async def posting(
        self, action: PostCard | Tell | Reply, face: CardFace, *, live: bool, known_dm: str = ""
    ) -> Posting | PostedMessage:
        """Prepare a message. Gives PostedMessage, without a ts, for one that nobody can get.

        `known_dm` is the conversation in which the requester got an earlier message.
        """
        if isinstance(action, PostCard):
            intent = self._intent(card_slot(action.channel), action.channel)
            priority = Priority.NEW_REQUEST if live else Priority.OLDER_REQUEST
            return Posting(intent, card, priority)
        if isinstance(action, Reply):
            intent = self._intent(reply_slot(action.vote.author, action.channel), action.channel)
            said = partial(review_reply, action.vote, action.standing)
            return Posting(intent, lambda _: said(), Priority.THREAD_REPLY, action.thread_ts)
        slot = notice_slot(action.notice)
        channel = await self._requester_dm(face, known_dm)
        if not channel:
            return PostedMessage(slot=slot, channel="", ts="")
        draw = partial(notice, action.notice)
        return Posting(self._intent(slot, channel), draw, Priority.DIRECT_MESSAGE)

    async def post(self, request_id: str, posting: Posting, face: Face) -> Outcome:
        intent, drawing = posting.intent, _Drawing(posting.intent.slot, posting.draw, face)
        try:
            posted = await self._outbox.post(
                intent.channel,
                drawing,
                priority=posting.priority,
                request_id=request_id,
                key=intent.key,
                thread_ts=posting.thread_ts,
            )
        except NotSending as error:
            return Outcome(owed=intent.key, error=error)
        except SLACK_ERRORS as error:
            return self._not_posted(request_id, intent, error)
        self._recipients.took(intent.channel)
        log.info("posted", request_id=request_id, slot=intent.slot, channel=posted.channel)
        return Outcome(_shown(intent, posted, drawing.fingerprint), settles=intent.key)

    async def edit(
        self, request_id: str, action: EditMessage, face: Face, *, live: bool
    ) -> Outcome:
        message = action.message
        draw = card if _is_card(message) else partial(notice, Notice.CREATED)
        drawing = _Drawing(message.slot, draw, face)
        posted = MessageRef(message.channel, message.ts)
        priority = Priority.CARD_UPDATE if live else Priority.OLDER_CARD_UPDATE
        try:
            await self._outbox.edit(posted, drawing, priority=priority)
        except NotSending as error:
            return Outcome(error=error)
        except SLACK_ERRORS as error:
            if message.rest_until is None:
                _log_failure("not_edited", request_id, message.slot, message.channel, error)
            return self._not_edited(message, error, drawing)
        log.info("edited", request_id=request_id, slot=message.slot, status=drawing.face.status)
        return Outcome(message.now_showing(drawing.fingerprint))

    async def resolve(self, request_id: str, action: Resolve) -> Outcome:
        """Look for a message whose answer never came. Where that is not possible, post again.

        What is found gets no fingerprint that could be current, and so is drawn anew.
        """
        intent = action.intent
        try:
            posted = await self._history.find(
                intent.channel, intent.key, intent.at, thread_ts=action.thread_ts
            )
        except Unreadable as error:
            posted = None
            log.warning("posting_again", request_id=request_id, slot=intent.slot, reason=str(error))
        if posted is None:
            return Outcome(owed=intent.key)
        kept_up_to_date = _is_card(intent) or intent.slot == notice_slot(Notice.CREATED)
        face = UNKNOWN_FACE if kept_up_to_date else ""
        return Outcome(_shown(intent, posted, face), settles=intent.key)

    def _not_posted(self, request_id: str, intent: Intent, error: Exception) -> Outcome:
        rule = rule_of(error)
        follows = rule.card if _is_card(intent) else rule.dm
        closed = rule.failure is Failure.UNREACHABLE and follows is Post.REST
        if not (closed and self._recipients.refused(intent.channel, in_words(error))):
            _log_failure("not_posted", request_id, intent.slot, intent.channel, error)
        match follows:
            case Post.LOOK:
                return Outcome(error=error)
            case Post.REST:
                # Somebody may invite the bot yet.
                return Outcome(owed=intent.key, rest_until=self._now() + self._rest)
            case Post.LET_GO:
                let_go = PostedMessage(slot=intent.slot, channel=intent.channel, ts="")
                return Outcome(let_go, settles=intent.key)
            case Post.WAIT | Post.RETRY:
                return Outcome(owed=intent.key, error=error)

    def _not_edited(self, message: PostedMessage, error: Exception, drawing: "_Drawing") -> Outcome:
        follows = rule_of(error).edit
        if not _is_card(message) and follows not in {Edit.WAIT, Edit.RETRY}:
            follows = Edit.LET_GO  # another notice says how it ended
        elif follows is Edit.REPLACE_WHILE_WAITING:
            follows = Edit.LET_GO if drawing.face.status.decided else Edit.REPLACE
        match follows:
            case Edit.REPLACE:
                anew = self._intent(message.slot, _address_of(message))
                return Outcome(replaced=anew.model_copy(update={"owed": True}))
            case Edit.LET_GO:
                return Outcome(message.now_showing(drawing.fingerprint))
            case Edit.REST:
                # The channel may be opened again, and then shows the card.
                rest = {"rest_until": self._now() + self._rest}
                return Outcome(message.model_copy(update=rest))
            case _:
                return Outcome(error=error)

    def _intent(self, slot: str, channel: str) -> Intent:
        return Intent(slot=slot, channel=channel, key=uuid4().hex, at=self._now())

    async def _requester_dm(self, face: CardFace, known_dm: str) -> str:
        """Find the channel to tell the requester in; empty where there is none for good.

        A single sign-on user may have expired since the request. Who it was is on record then.
        """
        slack_user = ""
        try:
            slack_user = await self._contacts.user(face.user)
            return await self._recipients.dm(slack_user)
        except NoContact as error:
            if error.user_gone and known_dm:
                return known_dm
            log.info(
                "requester_not_in_slack",
                request_id=face.id,
                teleport_user=face.user,
                error=str(error),
            )
        except SlackApiError as error:
            if may_pass(error) or failure_of(error) is Failure.REJECTED:
                raise
            log.warning(
                "requester_unreachable",
                request_id=face.id,
                slack_user=slack_user,
                teleport_user=face.user,
                error=error_code(error),
            )
        return ""


class _Drawing:
    """Draws a message when its turn comes, and remembers what it shows."""

    def __init__(self, slot: str, draw: Callable[[CardFace], Message], face: Face) -> None:
        self._slot = slot
        self._draw = draw
        self._face = face
        self.face = face()

    def __call__(self) -> Message:
        self.face = self._face()
        return self._draw(self.face)

    @property
    def fingerprint(self) -> str:
        return shown_in(self._slot, self.face)


def _address_of(message: PostedMessage) -> str:
    """Return the address that a message was posted to, which may have been a channel's name."""
    return message.slot.removeprefix(CARD) if _is_card(message) else message.channel


def _is_card(message: Intent | PostedMessage) -> bool:
    return message.slot.startswith(CARD)


def _shown(intent: Intent, posted: MessageRef, face: str) -> PostedMessage:
    return PostedMessage(slot=intent.slot, channel=posted.channel, ts=posted.ts, face=face)


def _log_failure(event: str, request_id: str, slot: str, channel: str, error: Exception) -> None:
    said = log.error if failure_of(error) is Failure.REJECTED else log.warning
    said(
        event,
        request_id=request_id,
        slot=slot,
        channel=channel,
        failure=failure_of(error).value,
        error=in_words(error),
    )

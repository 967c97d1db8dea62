"""Carry one message to Slack and say what the ledger should make of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from slack_sdk.errors import SlackApiError

from notifications.entry import UNKNOWN_FACE, Entry, Intent, PostedMessage
from notifications.history import History, Unreadable
from notifications.plan import (
    EditCard,
    PostCard,
    Reply,
    Resolve,
    Tell,
    card_slot,
    face_shown,
    notice_slot,
    reply_slot,
)
from notifications.recipients import Recipients
from workspace.fence import NotSending
from workspace.outbox import MessageRef, Outbox, Priority
from workspace.people import People
from workspace.slack_failure import (
    PASSING,
    SLACK_ERRORS,
    Edit,
    Post,
    error_code,
    failure_of,
    in_words,
    rule_of,
)
from workspace.views.card import CardFace, card
from workspace.views.message import Message
from workspace.views.notices import notice
from workspace.views.review_reply import review_reply

_REST = timedelta(minutes=4)
"""Before a channel that does not take our messages is tried again, at the next list."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Posting:
    """A message to post: where, what for, what it says."""

    intent: Intent
    message: Message
    face: str
    """Fingerprint, for messages that are kept up to date; else empty."""
    priority: Priority
    thread_ts: str = ""
    """Of the message that it hangs on, for replies."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message."""

    shown: PostedMessage | None = None
    """What Slack has now; settles the intent."""
    owed: str = ""
    """Key of an intent that came to nothing. One that is neither settled nor owed stays open."""
    rest_until: datetime | None = None
    error: Exception | None = None
    """Set where it has to be tried again."""
    replaced: Intent | None = None
    """A card to post in the place of one that cannot be edited."""

    def noted_in(self, entry: Entry) -> Entry:
        if self.replaced:
            entry = entry.without_message(self.replaced.slot).with_intents((self.replaced,))
        if self.owed:
            entry = entry.owing(self.owed, self.rest_until)
        return entry.with_message(self.shown) if self.shown else entry


class Delivery:
    def __init__(
        self,
        outbox: Outbox,
        recipients: Recipients,
        people: People,
        history: History,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._outbox = outbox
        self._recipients = recipients
        self._people = people
        self._history = history
        self._now = now

    async def posting(
        self, action: PostCard | Tell | Reply, face: CardFace, *, live: bool
    ) -> Posting | PostedMessage:
        """Prepare a message. Gives PostedMessage, without a ts, for one that nobody can get."""
        if isinstance(action, PostCard):
            intent = self._intent(card_slot(action.channel), action.channel)
            priority = Priority.NEW_REQUEST if live else Priority.OLDER_REQUEST
            return Posting(intent, card(face), face_shown(face), priority)
        if isinstance(action, Reply):
            intent = self._intent(reply_slot(action.vote.author, action.channel), action.channel)
            said = review_reply(action.vote, action.standing)
            return Posting(intent, said, "", Priority.THREAD_REPLY, action.thread_ts)
        slot = notice_slot(action.notice)
        channel = await self._requester_dm(face)
        if not channel:
            return PostedMessage(slot=slot, channel="", ts="")
        return Posting(
            self._intent(slot, channel), notice(action.notice, face), "", Priority.DIRECT_MESSAGE
        )

    async def post(self, request_id: str, posting: Posting) -> Outcome:
        intent = posting.intent
        try:
            posted = await self._outbox.post(
                intent.channel,
                posting.message,
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
        return Outcome(_shown(intent, posted, posting.face))

    async def edit(self, request_id: str, action: EditCard, face: CardFace) -> Outcome:
        message = action.message
        fresh = message.model_copy(update={"face": face_shown(face)})
        try:
            await self._outbox.edit(MessageRef(message.channel, message.ts), card(face))
        except NotSending as error:
            return Outcome(error=error)
        except SLACK_ERRORS as error:
            _log_failure("not_edited", request_id, fresh.slot, fresh.channel, error)
            return self._not_edited(fresh, error, decided=face.status.decided)
        log.info("edited", request_id=request_id, slot=message.slot, status=face.status)
        return Outcome(fresh)

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
        face = UNKNOWN_FACE if intent.slot == card_slot(intent.channel) else ""
        return Outcome(_shown(intent, posted, face))

    def _not_posted(self, request_id: str, intent: Intent, error: Exception) -> Outcome:
        rule = rule_of(error)
        is_card = intent.slot == card_slot(intent.channel)
        follows = rule.card if is_card else rule.dm
        known = follows is Post.REST and self._recipients.refused(intent.channel, in_words(error))
        if not known:
            _log_failure("not_posted", request_id, intent.slot, intent.channel, error)
        match follows:
            case Post.LOOK:
                return Outcome(error=error)
            case Post.REST:
                # Somebody may invite the bot yet.
                return Outcome(owed=intent.key, rest_until=self._now() + _REST)
            case Post.LET_GO:
                return Outcome(PostedMessage(slot=intent.slot, channel=intent.channel, ts=""))
            case Post.WAIT | Post.RETRY:
                return Outcome(owed=intent.key, error=error)

    def _not_edited(self, fresh: PostedMessage, error: Exception, *, decided: bool) -> Outcome:
        follows = rule_of(error).edit
        if follows is Edit.REPLACE_WHILE_WAITING:
            follows = Edit.LET_GO if decided else Edit.REPLACE
        match follows:
            case Edit.REPLACE:
                anew = self._intent(fresh.slot, fresh.channel).model_copy(update={"owed": True})
                return Outcome(replaced=anew)
            case Edit.LET_GO:
                return Outcome(fresh)
            case _:
                return Outcome(error=error)

    def _intent(self, slot: str, channel: str) -> Intent:
        return Intent(slot=slot, channel=channel, key=uuid4().hex, at=self._now())

    async def _requester_dm(self, face: CardFace) -> str:
        """Find the channel to tell the requester in; empty where there is none for good."""
        slack_id = await self._people.slack_id(face.user)
        if slack_id is None:
            log.info("requester_not_in_slack", request_id=face.id, user=face.user)
            return ""
        try:
            return await self._recipients.dm(slack_id)
        except SlackApiError as error:
            if failure_of(error) in PASSING:
                raise
            log.warning("requester_unreachable", request_id=face.id, error=error_code(error))
            return ""


def _shown(intent: Intent, posted: MessageRef, face: str) -> PostedMessage:
    return PostedMessage(slot=intent.slot, channel=posted.channel, ts=posted.ts, face=face)


def _log_failure(event: str, request_id: str, slot: str, channel: str, error: Exception) -> None:
    log.warning(
        event,
        request_id=request_id,
        slot=slot,
        channel=channel,
        failure=failure_of(error).value,
        error=in_words(error),
    )

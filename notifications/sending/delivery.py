"""Carry one message to Slack and say what the ledger should make of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias
from uuid import uuid4

import structlog
from slack_sdk.errors import SlackApiError

from notifications.plan import (
    PostCard,
    PostReply,
    RecoverMessage,
    SendNotice,
    UpdateMessage,
    card_slot,
    notice_slot,
    reply_slot,
    shown_in,
)
from notifications.records.entry import CARD, UNKNOWN_FINGERPRINT, Entry, Intent, PostedMessage
from notifications.routing.recipients import Recipients
from notifications.sending.history import History, Unreadable
from workspace.directory.contacts import Contacts, NoContact
from workspace.sending.fence import SendingStopped
from workspace.sending.outbox import Outbox
from workspace.sending.send_queue import MessageRef, Priority
from workspace.sending.slack_failure import (
    SLACK_ERRORS,
    Failure,
    PostFailureAction,
    UpdateFailureAction,
    classify,
    describe,
    error_code,
    is_transient,
    policy_for,
)
from workspace.views.card import CardModel, card
from workspace.views.notices import Notice, notice
from workspace.views.parts.message import Message
from workspace.views.review_reply import review_reply

RETRY_LATER_DELAY = timedelta(minutes=4)
"""Before what Slack does not take is tried again."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


Face: TypeAlias = Callable[[], CardModel]
"""Gives what a request's messages are to show now."""


@dataclass(frozen=True, slots=True)
class PreparedPost:
    """A message to post: where, what for, and how it is drawn when its turn comes."""

    intent: Intent
    render: Callable[[CardModel], Message]
    priority: Priority
    thread_ts: str = ""
    """Of the message that it hangs on, for replies."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of a message."""

    shown: PostedMessage | None = None
    """What Slack has now."""
    fulfilled_key: str = ""
    """Key of the intent that it was posted for; an edited one is known by its ts."""
    owed: str = ""
    """Key of an intent that came to nothing. One that is neither settled nor owed stays open."""
    rest_until: datetime | None = None
    error: Exception | None = None
    """Set where it has to be tried again."""
    replacement: Intent | None = None
    """A card to post in the place of one that cannot be edited."""

    def apply_to(self, entry: Entry) -> Entry:
        """Give the record with it, unless somebody else has put something in its place."""
        if self.replacement:
            entry = entry.without_message(self.replacement.slot).with_intents((self.replacement,))
        if self.owed:
            entry = entry.mark_undelivered(self.owed, self.rest_until)
        return entry.with_message(self.shown) if self.shown and self._fits(entry) else entry

    def _fits(self, entry: Entry) -> bool:
        if self.fulfilled_key:
            return any(intent.key == self.fulfilled_key for intent in entry.intents)
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
        rest: timedelta = RETRY_LATER_DELAY,
    ) -> None:
        self._outbox = outbox
        self._recipients = recipients
        self._contacts = contacts
        self._history = history
        self._now = now
        self._rest = rest

    async def prepare(
        self,
        action: PostCard | SendNotice | PostReply,
        face: CardModel,
        *,
        high_priority: bool,
        known_dm: str = "",
    ) -> PreparedPost | PostedMessage:
        """Prepare a message. Gives PostedMessage, without a ts, for one that nobody can get.

        `known_dm` is the conversation in which the requester got an earlier message.
        """
        if isinstance(action, PostCard):
            intent = self._intent(card_slot(action.channel), action.channel)
            priority = Priority.NEW_REQUEST if high_priority else Priority.BACKLOG_REQUEST
            return PreparedPost(intent, card, priority)
        if isinstance(action, PostReply):
            intent = self._intent(reply_slot(action.vote.author, action.channel), action.channel)
            said = partial(review_reply, action.vote, action.standing)
            return PreparedPost(intent, lambda _: said(), Priority.THREAD_REPLY, action.thread_ts)
        slot = notice_slot(action.notice)
        channel = await self._requester_dm(face, known_dm)
        if not channel:
            return PostedMessage(slot=slot, channel="", ts="")
        render = partial(notice, action.notice)
        return PreparedPost(self._intent(slot, channel), render, Priority.DIRECT_MESSAGE)

    async def post(self, request_id: str, posting: PreparedPost, face: Face) -> DeliveryResult:
        intent, rendering = posting.intent, _Rendering(posting.intent.slot, posting.render, face)
        try:
            posted = await self._outbox.post(
                intent.channel,
                rendering,
                priority=posting.priority,
                request_id=request_id,
                key=intent.key,
                thread_ts=posting.thread_ts,
            )
        except SendingStopped as error:
            return DeliveryResult(owed=intent.key, error=error)
        except SLACK_ERRORS as error:
            return self._post_failed(request_id, intent, error)
        self._recipients.mark_delivered(intent.channel)
        log.info("message_posted", request_id=request_id, slot=intent.slot, channel=posted.channel)
        return DeliveryResult(
            _shown(intent, posted, rendering.fingerprint), fulfilled_key=intent.key
        )

    async def update(
        self, request_id: str, action: UpdateMessage, face: Face, *, high_priority: bool
    ) -> DeliveryResult:
        message = action.message
        render = card if _is_card(message) else partial(notice, Notice.CREATED)
        rendering = _Rendering(message.slot, render, face)
        posted = MessageRef(message.channel, message.ts)
        priority = Priority.CARD_UPDATE if high_priority else Priority.BACKLOG_UPDATE
        try:
            await self._outbox.update(posted, rendering, priority=priority)
        except SendingStopped as error:
            return DeliveryResult(error=error)
        except SLACK_ERRORS as error:
            if message.rest_until is None:
                _log_failure(
                    "message_update_failed", request_id, message.slot, message.channel, error
                )
            return self._update_failed(message, error, rendering)
        log.info(
            "message_updated",
            request_id=request_id,
            slot=message.slot,
            status=rendering.face.status,
        )
        return DeliveryResult(message.with_fingerprint(rendering.fingerprint))

    async def recover(self, request_id: str, action: RecoverMessage) -> DeliveryResult:
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
            log.warning(
                "message_lookup_failed", request_id=request_id, slot=intent.slot, error=str(error)
            )
        if posted is None:
            return DeliveryResult(owed=intent.key)
        kept_up_to_date = _is_card(intent) or intent.slot == notice_slot(Notice.CREATED)
        face = UNKNOWN_FINGERPRINT if kept_up_to_date else ""
        return DeliveryResult(_shown(intent, posted, face), fulfilled_key=intent.key)

    def _post_failed(self, request_id: str, intent: Intent, error: Exception) -> DeliveryResult:
        rule = policy_for(error)
        follows = rule.card if _is_card(intent) else rule.dm
        closed = rule.failure is Failure.UNREACHABLE and follows is PostFailureAction.RETRY_LATER
        if not (closed and self._recipients.mark_rejected(intent.channel, describe(error))):
            _log_failure("message_post_failed", request_id, intent.slot, intent.channel, error)
        match follows:
            case PostFailureAction.CHECK_HISTORY:
                return DeliveryResult(error=error)
            case PostFailureAction.RETRY_LATER:
                # Somebody may invite the bot yet.
                return DeliveryResult(owed=intent.key, rest_until=self._now() + self._rest)
            case PostFailureAction.GIVE_UP:
                let_go = PostedMessage(slot=intent.slot, channel=intent.channel, ts="")
                return DeliveryResult(let_go, fulfilled_key=intent.key)
            case PostFailureAction.WAIT | PostFailureAction.RETRY:
                return DeliveryResult(owed=intent.key, error=error)

    def _update_failed(
        self, message: PostedMessage, error: Exception, rendering: "_Rendering"
    ) -> DeliveryResult:
        follows = policy_for(error).update
        if not _is_card(message) and follows not in {
            UpdateFailureAction.WAIT,
            UpdateFailureAction.RETRY,
        }:
            follows = UpdateFailureAction.GIVE_UP  # another notice says how it ended
        elif follows is UpdateFailureAction.REPLACE_WHILE_WAITING:
            follows = (
                UpdateFailureAction.GIVE_UP
                if rendering.face.status.decided
                else UpdateFailureAction.REPLACE
            )
        match follows:
            case UpdateFailureAction.REPLACE:
                anew = self._intent(message.slot, _address_of(message))
                return DeliveryResult(replacement=anew.model_copy(update={"owed": True}))
            case UpdateFailureAction.GIVE_UP:
                return DeliveryResult(message.with_fingerprint(rendering.fingerprint))
            case UpdateFailureAction.RETRY_LATER:
                # The channel may be opened again, and then shows the card.
                rest = {"rest_until": self._now() + self._rest}
                return DeliveryResult(message.model_copy(update=rest))
            case _:
                return DeliveryResult(error=error)

    def _intent(self, slot: str, channel: str) -> Intent:
        return Intent(slot=slot, channel=channel, key=uuid4().hex, at=self._now())

    async def _requester_dm(self, face: CardModel, known_dm: str) -> str:
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
                "requester_not_linked",
                request_id=face.id,
                teleport_user=face.user,
                error=str(error),
            )
        except SlackApiError as error:
            if is_transient(error) or classify(error) is Failure.REJECTED:
                raise
            log.warning(
                "requester_dm_failed",
                request_id=face.id,
                slack_user=slack_user,
                teleport_user=face.user,
                error=error_code(error),
            )
        return ""


class _Rendering:
    """Draws a message when its turn comes, and remembers what it shows."""

    def __init__(self, slot: str, render: Callable[[CardModel], Message], face: Face) -> None:
        self._slot = slot
        self._draw = render
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
    said = log.error if classify(error) is Failure.REJECTED else log.warning
    said(
        event,
        request_id=request_id,
        slot=slot,
        channel=channel,
        failure=classify(error).value,
        error=describe(error),
    )

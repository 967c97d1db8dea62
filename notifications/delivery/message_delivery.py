"""Sends one message to Slack, and returns the change of the ledger's entry that follows from it.

A post has three certain results and an uncertain one. Slack has the message (`fulfilled_key`),
rejected it for now (`undelivered_key`), or rejects it for good (a message without `ts`). After a
lost response the intent stays open, and `recover` searches the history for it. `slack_failure` maps
each error of Slack to one of these. An update is safe to repeat, so it has no intent.

Messages wait in the outbox, possibly for minutes. So each one is rendered when it is sent, from the
newest model (`CurrentModel`), and its fingerprint is that of the model that was rendered.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias
from uuid import uuid4

import structlog

from notifications.delivery.delivery_result import DeliveryResult
from notifications.delivery.history_lookup import History, HistoryUnreadable
from notifications.end_warning import is_current
from notifications.notification_rules import (
    PostCard,
    PostReply,
    RecoverMessage,
    SendNotice,
    UpdateMessage,
)
from notifications.records.entry import UNKNOWN_FINGERPRINT, Intent, PostedMessage
from notifications.records.slots import card_address, is_card, is_updated, notice_of
from notifications.slot_fingerprints import slot_fingerprint
from workspace.card_model.notice import Notice
from workspace.card_model.record import CardModel
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
    policy_for,
)
from workspace.views.cards.card import card
from workspace.views.notices import NoticeOptions, notice
from workspace.views.parts.message import Message
from workspace.views.thread_reply import review_reply

RETRY_LATER_DELAY = timedelta(minutes=4)
"""Time until the next attempt at a message that Slack rejected."""
LATEST_EFFECT = timedelta(minutes=1)
"""Time in which Slack can still apply an update after the bot stopped waiting for the response."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

CurrentModel: TypeAlias = Callable[[], CardModel]
"""Returns the model that the messages of a request show now."""


class NotCurrent(Exception):
    """A warning waited until it didn't apply any more."""


class DeliveryReports(Protocol):
    """Recipients get to know which of their channels accept messages."""

    def mark_delivered(self, channel: str) -> None: ...

    def mark_rejected(self, channel: str, problem: str) -> bool:
        """Return whether this is the channel of a recipient."""


class RequesterDm(Protocol):
    async def find(self, card_model: CardModel, known_dm: str) -> str:
        """Return the address of the requester's DMs, empty if notices can't be delivered."""


@dataclass(frozen=True, slots=True)
class PreparedPost:
    """A message to post. It is rendered when it is sent."""

    intent: Intent
    render: Callable[[CardModel], Message]
    priority: Priority
    thread_ts: str = ""
    """Thread of a reply."""


class Delivery:
    def __init__(
        self,
        outbox: Outbox,
        reports: DeliveryReports,
        requester_dm: RequesterDm,
        history: History,
        *,
        now: Callable[[], datetime],
        retry_later: timedelta = RETRY_LATER_DELAY,
        latest_effect: timedelta = LATEST_EFFECT,
        notice_options: Callable[[], NoticeOptions] = NoticeOptions,
    ) -> None:
        self._outbox = outbox
        self._reports = reports
        self._requester_dm = requester_dm
        self._history = history
        self._now = now
        self._retry_later = retry_later
        self._latest_effect = latest_effect
        self._notice_options = notice_options

    async def prepare(
        self,
        action: PostCard | SendNotice | PostReply,
        card_model: CardModel,
        *,
        high_priority: bool,
        known_dm: str = "",
    ) -> PreparedPost | PostedMessage:
        """Return the message to post, or a PostedMessage without `ts` if it can't be delivered.

        `known_dm` is the channel of an earlier notice to the requester.
        """
        if isinstance(action, PostCard):
            priority = Priority.NEW_REQUEST if high_priority else Priority.BACKLOG_REQUEST
            return PreparedPost(self._intent(action.slot, action.channel), card, priority)
        if isinstance(action, PostReply):
            intent = self._intent(action.slot, action.channel)
            return PreparedPost(
                intent,
                lambda _: review_reply(action.review, action.progress_text),
                Priority.THREAD_REPLY,
                action.thread_ts,
            )
        channel = await self._requester_dm.find(card_model, known_dm)
        if not channel:
            return PostedMessage(slot=action.slot, channel="", ts="")
        intent = self._intent(action.slot, channel)
        render = self._notice(action.notice, announced=action.announced)
        if action.before_end is not None:
            render = self._while_current(render, action.before_end)
        return PreparedPost(intent, render, Priority.DIRECT_MESSAGE)

    async def post(
        self, request_id: str, post: PreparedPost, current_model: CurrentModel
    ) -> DeliveryResult:
        intent, rendering = post.intent, _Rendering(post.intent.slot, post.render, current_model)
        try:
            posted = await self._outbox.post(
                intent.channel,
                rendering,
                priority=post.priority,
                request_id=request_id,
                key=intent.key,
                thread_ts=post.thread_ts,
            )
        except NotCurrent:
            log.info("warning_dropped", request_id=request_id, slot=intent.slot)
            return DeliveryResult(undelivered_key=intent.key)
        except SendingStopped as error:
            return DeliveryResult(undelivered_key=intent.key, error=error)
        except SLACK_ERRORS as error:
            return self._post_failed(request_id, intent, error)
        self._reports.mark_delivered(intent.channel)
        log.info("message_posted", request_id=request_id, slot=intent.slot, channel=posted.channel)
        return _fulfill(intent, posted, rendering.fingerprint)

    async def update(
        self,
        request_id: str,
        action: UpdateMessage,
        current_model: CurrentModel,
        *,
        high_priority: bool,
    ) -> DeliveryResult:
        message = action.message
        render = card if is_card(message.slot) else self._notice(notice_of(message.slot))
        rendering = _Rendering(message.slot, render, current_model)
        priority = Priority.CARD_UPDATE if high_priority else Priority.BACKLOG_UPDATE
        try:
            await self._outbox.update(
                MessageRef(message.channel, message.ts), rendering, priority=priority
            )
        except SendingStopped as error:
            return DeliveryResult(error=error)
        except SLACK_ERRORS as error:
            if message.retry_at is None:
                _log_failure("message_update_failed", request_id, message, error)
            return self._update_failed(message, error, rendering)
        log.info(
            "message_updated",
            request_id=request_id,
            slot=message.slot,
            channel=message.channel,
            status=rendering.card_model.status,
        )
        return DeliveryResult(message.updated(rendering.fingerprint, self._now()))

    async def recover(self, request_id: str, action: RecoverMessage) -> DeliveryResult:
        """Look for the message of an open intent. If history can't be read, post it again.

        A found message gets an unknown fingerprint, so the next plan updates it.
        """
        intent = action.intent
        try:
            posted = await self._history.find(
                intent.channel,
                intent.key,
                intent.at,
                request_id=request_id,
                thread_ts=action.thread_ts,
            )
        except HistoryUnreadable as error:
            posted = None
            log.warning(
                "message_lookup_failed", request_id=request_id, slot=intent.slot, error=str(error)
            )
        if posted is None:
            return DeliveryResult(undelivered_key=intent.key)
        return _fulfill(intent, posted, UNKNOWN_FINGERPRINT if is_updated(intent.slot) else "")

    def _post_failed(self, request_id: str, intent: Intent, error: Exception) -> DeliveryResult:
        policy = policy_for(error)
        action = policy.card if is_card(intent.slot) else policy.dm
        closed = policy.failure is Failure.UNREACHABLE and action is PostFailureAction.RETRY_LATER
        if not (closed and self._reports.mark_rejected(intent.channel, describe(error))):
            _log_failure("message_post_failed", request_id, intent, error)
        match action:
            case PostFailureAction.CHECK_HISTORY:
                return DeliveryResult(error=error)
            case PostFailureAction.RETRY_LATER:
                # A member of the channel can still invite the bot.
                return DeliveryResult(undelivered_key=intent.key, retry_at=self._later())
            case PostFailureAction.GIVE_UP:
                given_up = PostedMessage(slot=intent.slot, channel=intent.channel, ts="")
                return DeliveryResult(given_up, fulfilled_key=intent.key)
            case PostFailureAction.WAIT | PostFailureAction.RETRY:
                return DeliveryResult(undelivered_key=intent.key, error=error)

    def _update_failed(
        self, message: PostedMessage, error: Exception, rendering: "_Rendering"
    ) -> DeliveryResult:
        match _update_failure_action(message, error, rendering.card_model):
            case UpdateFailureAction.REPLACE:
                intent = self._intent(message.slot, card_address(message.slot))
                return DeliveryResult(replacement=replace(intent, undelivered=True))
            case UpdateFailureAction.GIVE_UP:
                return DeliveryResult(message.with_fingerprint(rendering.fingerprint))
            case UpdateFailureAction.RETRY_LATER:
                # The channel can accept messages again, and still shows the card.
                return DeliveryResult(replace(message, retry_at=self._later()))
            case UpdateFailureAction.RETRY if classify(error) is Failure.UNCERTAIN:
                repeat_at = self._now() + self._latest_effect
                return DeliveryResult(message.updated_uncertainly(repeat_at), error=error)
            case _:
                return DeliveryResult(error=error)

    def _notice(self, kind: Notice, *, announced: bool = True) -> Callable[[CardModel], Message]:
        def render(card_model: CardModel) -> Message:
            return notice(kind, card_model, replace(self._notice_options(), announced=announced))

        return render

    def _while_current(
        self, render: Callable[[CardModel], Message], before_end: timedelta
    ) -> Callable[[CardModel], Message]:
        """Raise NotCurrent instead of rendering a warning before or after its time."""

        def render_warning(card_model: CardModel) -> Message:
            if not is_current(card_model, before_end, self._now()):
                raise NotCurrent
            return render(card_model)

        return render_warning

    def _intent(self, slot: str, channel: str) -> Intent:
        return Intent(slot=slot, channel=channel, key=uuid4().hex, at=self._now())

    def _later(self) -> datetime:
        return self._now() + self._retry_later


class _Rendering:
    """Renders a message when it is sent, and remembers the model that was rendered."""

    def __init__(
        self, slot: str, render: Callable[[CardModel], Message], current_model: CurrentModel
    ) -> None:
        self._slot = slot
        self._render = render
        self._current_model = current_model
        self.card_model = current_model()

    def __call__(self) -> Message:
        self.card_model = self._current_model()
        return self._render(self.card_model)

    @property
    def fingerprint(self) -> str:
        return slot_fingerprint(self._slot, self.card_model)


def _update_failure_action(
    message: PostedMessage, error: Exception, card_model: CardModel
) -> UpdateFailureAction:
    action = policy_for(error).update
    if action in {UpdateFailureAction.WAIT, UpdateFailureAction.RETRY}:
        return action
    if not is_card(message.slot):
        return UpdateFailureAction.GIVE_UP  # another notice or the card has the outcome
    if action is UpdateFailureAction.REPLACE_WHILE_WAITING:
        closed = card_model.status.closed
        return UpdateFailureAction.GIVE_UP if closed else UpdateFailureAction.REPLACE
    return action


def _fulfill(intent: Intent, posted: MessageRef, fingerprint: str) -> DeliveryResult:
    message = PostedMessage(
        slot=intent.slot, channel=posted.channel, ts=posted.ts, fingerprint=fingerprint
    )
    return DeliveryResult(message, fulfilled_key=intent.key)


def _log_failure(
    event: str, request_id: str, message: Intent | PostedMessage, error: Exception
) -> None:
    failure = classify(error)
    write = log.error if failure is Failure.REJECTED else log.warning
    write(
        event,
        request_id=request_id,
        slot=message.slot,
        channel=message.channel,
        failure=failure.value,
        error=describe(error),
    )

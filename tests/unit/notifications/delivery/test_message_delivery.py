"""Messages of a request: their priority, what they show, and the result that the ledger records."""

from dataclasses import replace

import pytest
import structlog

from notifications.delivery.delivery_result import DeliveryResult
from notifications.delivery.message_delivery import LATEST_EFFECT, PreparedPost
from notifications.notification_rules import (
    PostCard,
    PostReply,
    RecoverMessage,
    SendNotice,
    UpdateMessage,
)
from notifications.records.entry import UNKNOWN_FINGERPRINT, Intent, PostedMessage
from notifications.records.slots import card_slot, notice_slot, reply_slot
from notifications.slot_fingerprints import model_fingerprint, slot_fingerprint
from teleport_client.model.access_request import RequestState
from tests.samples import NOW, sample_model
from tests.unit.notifications.delivery.memory_slack import MemorySlack, Sent
from workspace.card_model.notice import Notice
from workspace.card_model.record import CardModel, CardReview
from workspace.card_model.status import Status
from workspace.sending.fence import SendingStopped
from workspace.sending.send_queue import MessageRef, Priority

MODEL = sample_model()
DENIED = replace(MODEL, status=Status.DENIED)
REPLY = PostReply("C1", "1.0", CardReview("bob", RequestState.APPROVED), "1 of 2 approvals")
CARD = PostedMessage(slot=card_slot("C1"), channel="C1", ts="1.0", fingerprint="old")


class Models:
    """The request is denied while its message waits."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> CardModel:
        self.calls += 1
        return MODEL if self.calls == 1 else DENIED


async def post(
    slack: MemorySlack, action: PostCard | SendNotice | PostReply, *, high: bool = True
) -> tuple[Intent, DeliveryResult]:
    delivery = slack.delivery()
    prepared = await delivery.prepare(action, MODEL, high_priority=high)
    assert isinstance(prepared, PreparedPost)
    assert (prepared.intent.slot, prepared.intent.at) == (action.slot, NOW)
    return prepared.intent, await delivery.post(MODEL.id, prepared, Models())


@pytest.mark.parametrize(
    ("action", "high", "sent"),
    [
        (PostCard("C1"), True, Sent("C1", "", Priority.NEW_REQUEST)),
        (PostCard("C1"), False, Sent("C1", "", Priority.BACKLOG_REQUEST)),
        (REPLY, True, Sent("C1", "", Priority.THREAD_REPLY, thread_ts="1.0")),
        (SendNotice(Notice.CREATED), True, Sent("D1", "", Priority.DIRECT_MESSAGE)),
    ],
)
async def test_post_has_the_address_and_the_priority_of_its_kind(
    action: PostCard | SendNotice | PostReply, high: bool, sent: Sent
) -> None:
    slack = MemorySlack()
    intent, result = await post(slack, action, high=high)
    assert slack.without_keys() == [sent]
    assert slack.sent[0].key == intent.key == result.fulfilled_key
    assert slack.delivered == [sent.channel]


async def test_post_is_recorded_with_the_model_that_was_rendered() -> None:
    slack = MemorySlack()
    with structlog.testing.capture_logs() as logged:
        _, result = await post(slack, PostCard("C1"))
    assert result.message == replace(CARD, fingerprint=model_fingerprint(DENIED))
    assert "denied" in slack.sent[0].text.lower()
    assert logged == [
        {
            "event": "message_posted", "log_level": "info", "request_id": MODEL.id,
            "slot": "card:C1", "channel": "C1",
        }
    ]  # fmt: skip


async def test_reply_shows_the_review_and_the_progress() -> None:
    slack = MemorySlack()
    await post(slack, REPLY)
    assert "bob" in slack.sent[0].text


async def test_requester_without_dms_gets_a_record_that_nothing_was_sent() -> None:
    slack = MemorySlack(dm="")
    prepared = await slack.delivery().prepare(
        SendNotice(Notice.DENIED), MODEL, high_priority=True, known_dm="D9"
    )
    assert prepared == PostedMessage(slot="dm:denied", channel="", ts="")
    assert slack.known_dms == ["D9"]


async def test_post_that_another_replica_has_to_send_is_undelivered() -> None:
    error = SendingStopped()
    slack = MemorySlack(error=error)
    intent, result = await post(slack, PostCard("C1"))
    assert result == DeliveryResult(undelivered_key=intent.key, error=error)
    assert slack.delivered == []


async def update(
    slack: MemorySlack, message: PostedMessage, *, high: bool = True
) -> DeliveryResult:
    action = UpdateMessage(message)
    return await slack.delivery().update(MODEL.id, action, Models(), high_priority=high)


@pytest.mark.parametrize(
    ("high", "priority"), [(True, Priority.CARD_UPDATE), (False, Priority.BACKLOG_UPDATE)]
)
async def test_update_shows_the_newest_model(high: bool, priority: Priority) -> None:
    slack = MemorySlack()
    with structlog.testing.capture_logs() as logged:
        result = await update(slack, replace(CARD, retry_at=NOW), high=high)
    assert result == DeliveryResult(replace(CARD, fingerprint=model_fingerprint(DENIED)))
    assert slack.without_keys() == [Sent("C1", "", priority, ts="1.0")]
    assert [(each["event"], each["status"]) for each in logged] == [
        ("message_updated", Status.DENIED)
    ]


async def test_first_notice_is_updated_as_a_notice() -> None:
    slack = MemorySlack()
    slot = notice_slot(Notice.CREATED)
    first = PostedMessage(slot=slot, channel="D1", ts="2.0", fingerprint="created")
    result = await update(slack, first)
    assert result.message == replace(first, fingerprint=slot_fingerprint(slot, DENIED))
    card = MemorySlack()
    await update(card, CARD)
    assert slack.sent[0].text != card.sent[0].text


@pytest.mark.parametrize(("message", "count"), [(CARD, 1), (replace(CARD, retry_at=NOW), 0)])
async def test_failed_update_is_logged_once(message: PostedMessage, count: int) -> None:
    """A channel may reject updates for a long time."""
    with structlog.testing.capture_logs() as logged:
        result = await update(MemorySlack(error=TimeoutError()), message)
    assert isinstance(result.error, TimeoutError)
    assert [each["event"] for each in logged] == ["message_update_failed"] * count


async def test_update_without_a_response_is_repeated_after_its_latest_effect() -> None:
    """Slack may show any of the models, and can still apply the first update after the second."""
    error = TimeoutError()
    uncertain = await update(MemorySlack(error=error), CARD)
    repeat_at = NOW + LATEST_EFFECT
    first = replace(CARD, fingerprint=UNKNOWN_FINGERPRINT, repeat_at=repeat_at)
    assert uncertain == DeliveryResult(first, error=error)
    second = (await update(MemorySlack(), first)).message
    assert second == replace(CARD, fingerprint=model_fingerprint(DENIED), repeat_at=repeat_at)
    third = (await update(MemorySlack(), replace(second, repeat_at=NOW))).message
    assert third == replace(CARD, fingerprint=model_fingerprint(DENIED))


async def test_update_that_another_replica_has_to_send_is_retried() -> None:
    error = SendingStopped()
    assert await update(MemorySlack(error=error), CARD) == DeliveryResult(error=error)


@pytest.mark.parametrize(
    ("slot", "thread_ts", "fingerprint"),
    [
        (card_slot("C1"), "", UNKNOWN_FINGERPRINT),
        (notice_slot(Notice.CREATED), "", UNKNOWN_FINGERPRINT),
        (notice_slot(Notice.APPROVED), "", UNKNOWN_FINGERPRINT),
        (notice_slot(Notice.DENIED), "", ""),
        (reply_slot("bob", "C1"), "1.0", ""),
    ],
)
async def test_found_message_is_updated_if_messages_of_its_kind_are(
    slot: str, thread_ts: str, fingerprint: str
) -> None:
    intent = Intent(slot=slot, channel="C1", key="k", at=NOW)
    slack = MemorySlack(history={f"{thread_ts}/k" if thread_ts else "k": MessageRef("C1", "7.0")})
    result = await slack.delivery().recover(MODEL.id, RecoverMessage(intent, thread_ts))
    found = PostedMessage(slot=slot, channel="C1", ts="7.0", fingerprint=fingerprint)
    assert result == DeliveryResult(found, fulfilled_key="k")


@pytest.mark.parametrize(("readable", "warned"), [(True, 0), (False, 1)])
async def test_message_that_is_not_found_is_undelivered(readable: bool, warned: int) -> None:
    """Without the permission to read the history, a second message is better than none."""
    intent = Intent(slot=card_slot("C1"), channel="C1", key="k", at=NOW)
    slack = MemorySlack(history={} if readable else None)
    with structlog.testing.capture_logs() as logged:
        result = await slack.delivery().recover(MODEL.id, RecoverMessage(intent))
    assert result == DeliveryResult(undelivered_key="k")
    assert [each["event"] for each in logged] == ["message_lookup_failed"] * warned

"""Entries: lookups of recorded messages, and changes of messages, intents and models."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from notifications.records.entry import UNKNOWN_FINGERPRINT, Entry, Intent, PostedMessage
from notifications.records.slots import card_slot, is_updated, notice_slot, reply_slot
from notifications.records.trim import trim_card_model
from teleport_client.model.access_request import RequestState
from tests.samples import sample_model
from workspace.card_model.notice import Notice
from workspace.card_model.record import CardReview
from workspace.card_model.status import Status

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CARD = PostedMessage(slot="card:C1", channel="C1", ts="1", fingerprint="f")
OTHER_CARD = PostedMessage(slot="card:C2", channel="C2", ts="2", fingerprint="g")
NOTICE = PostedMessage(slot="dm:created", channel="D1", ts="3")


def entry(*messages: PostedMessage, intents: tuple[Intent, ...] = ()) -> Entry:
    return Entry(card_model=sample_model(), messages=messages, intents=intents)


def intent(slot: str, key: str = "k", *, retry_at: datetime | None = None) -> Intent:
    channel = slot.rpartition(":")[2]
    return Intent(slot=slot, channel=channel, key=key, at=NOW, retry_at=retry_at)


@pytest.mark.parametrize(("retry_at", "waits"), [(None, False), (NOW, False), (NOW + SECOND, True)])
def test_record_waits_until_its_next_attempt(retry_at: datetime | None, waits: bool) -> None:
    records = (replace(CARD, retry_at=retry_at), intent("card:C1", retry_at=retry_at))
    assert [each.backing_off(NOW) for each in records] == [waits, waits]


def test_next_attempt_is_the_earliest_later_one() -> None:
    """An attempt that is due now is in the plan already."""
    messages = [replace(CARD, retry_at=NOW), OTHER_CARD, replace(NOTICE, retry_at=NOW + 3 * SECOND)]
    repeated = replace(OTHER_CARD, repeat_at=NOW + SECOND)
    assert entry(*messages, repeated).next_retry(NOW) == NOW + SECOND
    open_intent = intent("card:C3", retry_at=NOW + 2 * SECOND)
    assert entry(*messages).next_retry(NOW) == NOW + 3 * SECOND
    assert entry(*messages, intents=(open_intent,)).next_retry(NOW) == NOW + 2 * SECOND
    assert entry(CARD, intents=(intent("card:C3"),)).next_retry(NOW) is None


def test_message_is_found_by_its_slot_and_card_by_its_channel() -> None:
    reply = PostedMessage(slot=reply_slot("bob", "C2"), channel="C2", ts="4")
    known = entry(CARD, reply, OTHER_CARD)
    assert known.message_for("card:C2") == OTHER_CARD
    assert known.message_for("card:C3") is None
    assert known.card_in("C2") == OTHER_CARD
    assert known.card_in("C3") is None


@pytest.mark.parametrize(
    "message",
    [
        replace(NOTICE, channel="C1"),
        replace(NOTICE, ts=""),
        PostedMessage(slot="card:D1", channel="D1", ts="1"),
    ],
)
def test_only_a_sent_notice_shows_the_dm_of_the_requester(message: PostedMessage) -> None:
    assert entry(message).requester_dm == ""
    assert entry(message, NOTICE).requester_dm == "D1"


def test_new_intent_replaces_only_the_one_of_its_slot() -> None:
    undelivered, other = intent("card:C1", "old"), intent("card:C2", "other")
    changed = entry(intents=(undelivered, other)).with_intents((intent("card:C1", "new"),))
    assert [each.key for each in changed.intents] == ["other", "new"]


def test_message_replaces_the_record_and_the_intent_of_its_slot() -> None:
    known = entry(CARD, NOTICE, intents=(intent("card:C1"), intent("card:C2")))
    newer = replace(CARD, ts="9")
    changed = known.with_message(newer)
    assert changed.messages == (NOTICE, newer)
    assert changed.intents == (intent("card:C2"),)


def test_removed_message_leaves_the_others() -> None:
    assert entry(CARD, NOTICE, OTHER_CARD).without_message("card:C1").messages == (
        NOTICE,
        OTHER_CARD,
    )


def test_updated_messages_become_stale() -> None:
    """A message that is never updated has no fingerprint. That of an approval can be empty."""
    approval = PostedMessage(slot=notice_slot(Notice.APPROVED), channel="D1", ts="4")
    unsent = replace(approval, ts="")
    for message in (CARD, approval):
        stale = entry(message, NOTICE).mark_stale()
        assert stale.messages == (replace(message, fingerprint=UNKNOWN_FINGERPRINT), NOTICE)
    assert entry(unsent).mark_stale() == entry(unsent)


def test_newer_model_is_stored_before_and_after_the_resolution() -> None:
    waiting = trim_card_model(sample_model())
    expired, denied = (
        replace(waiting, status=status, reason=status) for status in (Status.EXPIRED, Status.DENIED)
    )
    ended = replace(denied, resolve_reason="no")
    for before, after in ((waiting, expired), (waiting, denied), (denied, ended)):
        assert replace(entry(), card_model=before).with_card_model(after).card_model == after


def test_minimized_entry_keeps_the_outcome_and_few_names() -> None:
    names = tuple(f"n{i}" for i in range(9))
    model = replace(sample_model(), roles=names, resolved_by=names, reason="r", reviewers=names)
    kept = replace(entry(CARD), card_model=model).minimize()
    assert kept == replace(
        entry(CARD),
        card_model=replace(
            model, roles=names[:6], resolved_by=names[:6], reason="", reviewers=(), progress=()
        ),
    )


def test_cards_and_some_notices_follow_their_request() -> None:
    slots = (
        card_slot("C1"),
        notice_slot(Notice.CREATED),
        notice_slot(Notice.APPROVED),
        notice_slot(Notice.DENIED),
        reply_slot("bob", "C1"),
    )
    assert [is_updated(slot) for slot in slots] == [True, True, True, False, False]


def test_trimmed_model_keeps_the_lengths_of_earlier_versions() -> None:
    """A model of another length has another fingerprint, so all such cards would be updated."""
    names = tuple("n" * 70 for _ in range(60))
    long = "t" * 400
    review = CardReview("n" * 70, RequestState.APPROVED, long)
    model = replace(
        sample_model(), user=names[0], roles=names, reason=long, progress=names[:20],
        reviews=(review,) * 20,
    )  # fmt: skip
    kept = trim_card_model(model)
    assert (len(kept.user), len(kept.roles), len(kept.roles[0])) == (60, 50, 60)
    assert (len(kept.reason), len(kept.progress), len(kept.reviews)) == (300, 12, 12)
    assert (len(kept.reviews[0].author), len(kept.reviews[0].reason)) == (60, 300)

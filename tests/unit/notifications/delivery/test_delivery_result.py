"""How an entry changes with the result of one message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from notifications.delivery.delivery_result import DeliveryResult
from notifications.records.entry import Entry, Intent, PostedMessage
from tests.samples import sample_model

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CARD = PostedMessage(slot="card:C1", channel="C1", ts="1", fingerprint="old")
INTENT = Intent(slot="card:C1", channel="C1", key="k", at=NOW)


def entry(*messages: PostedMessage, intents: tuple[Intent, ...] = ()) -> Entry:
    return Entry(card_model=sample_model(), messages=messages, intents=intents)


def test_posted_message_fulfills_its_intent() -> None:
    other = replace(INTENT, slot="card:C2", channel="C2", key="other")
    result = DeliveryResult(CARD, fulfilled_key="k")
    assert result.apply_to(entry(intents=(other, INTENT))) == entry(CARD, intents=(other,))


def test_posted_message_whose_intent_was_replaced_is_not_recorded() -> None:
    """A newer leader has posted the message again."""
    known = entry(intents=(replace(INTENT, key="newer"),))
    assert DeliveryResult(CARD, fulfilled_key="k").apply_to(known) == known


def test_updated_message_is_recorded_if_it_is_still_the_one_of_its_slot() -> None:
    shown = replace(CARD, fingerprint="new")
    assert DeliveryResult(shown).apply_to(entry(CARD)) == entry(shown)
    for known in (entry(), entry(replace(CARD, ts="2"))):
        assert DeliveryResult(shown).apply_to(known) == known


def test_undelivered_intent_keeps_the_time_of_its_next_attempt() -> None:
    later = NOW + timedelta(minutes=5)
    result = DeliveryResult(undelivered_key="k", retry_at=later)
    undelivered = replace(INTENT, undelivered=True, retry_at=later)
    assert result.apply_to(entry(intents=(INTENT,))) == entry(intents=(undelivered,))
    other = replace(INTENT, key="other")
    assert result.apply_to(entry(intents=(other,))) == entry(intents=(other,))


def test_replacement_of_a_card_removes_it_and_adds_an_intent() -> None:
    other = PostedMessage(slot="card:C2", channel="C2", ts="2")
    result = DeliveryResult(replacement=INTENT)
    assert result.apply_to(entry(CARD, other)) == entry(other, intents=(INTENT,))


def test_unknown_result_changes_nothing() -> None:
    known = entry(CARD, intents=(INTENT,))
    assert DeliveryResult(error=TimeoutError()).apply_to(known) == known

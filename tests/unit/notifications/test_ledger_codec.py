"""Entries written by other programs, deliberately or by mistake."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from notifications.records.entry import Entry, PostedMessage
from notifications.records.ledger_codec import (
    ENTRY,
    REV,
    EntryTooLarge,
    Record,
    decode_record,
    drop_shared_messages,
    encode_entry,
)
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.views.cards.card import card as card_of

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ZONES = [UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))]
FACE = {"id": "i", "user": "alice", "roles": ["staging"], "status": "waiting"}


TWICE = {"slot": "card:C1", "channel": "C1"}


def entry(request_id: str, *messages: PostedMessage) -> Entry:
    face = CardModel(id=request_id, user="alice", roles=("staging",), status=Status.WAITING)
    return Entry(card_model=face, messages=messages)


def replace_reason(known: Entry, reason: str) -> Entry:
    return replace(known, card_model=replace(known.card_model, reason=reason))


def card(ts: str) -> PostedMessage:
    return PostedMessage(slot="card:C1", channel="C1", ts=ts)


@pytest.mark.parametrize(
    "more",
    [
        {"touched": "2026-01-01T00:00:00"},
        {"passed_over": "2026-01-01T00:00:00"},
        {"passed_over": (NOW + timedelta(days=1)).isoformat()},
        {"face": {**FACE, "id": "another"}},
        {"face": {**FACE, "waiting_until": "2026-01-01T00:00:00"}},
        {"face": {**FACE, "access_until": "9999-12-31T23:59:59-14:00"}},
        {"face": {**FACE, "waiting_until": "0001-01-01T00:00:00+14:00"}},
        {"face": {**FACE, "assume_start": "9999-12-31T23:59:59Z"}},
        {"face": {**FACE, "access_for": "-P999999999D"}},
        {"face": {**FACE, "access_for": "PT0S"}},
        {"face": {**FACE, "access_for": "P999999999D"}},
        {"touched": "0001-01-01T00:00:00Z"},
        {"passed_over": "0001-01-01T00:00:00+01:00"},
        {"messages": [{"slot": "card:C1", "channel": "C2", "ts": "1"}]},
        {"intents": [{"slot": "review:ab:C1", "channel": "C2", "key": "k", "at": NOW.isoformat()}]},
        {"intents": [{"slot": "card:C1", "channel": "C1", "key": "", "at": NOW.isoformat()}]},
        {"messages": [{**TWICE, "ts": "1"}, {**TWICE, "ts": "2"}]},
        {"intents": [{**TWICE, "key": key, "at": NOW.isoformat()} for key in ("k", "l")]},
    ],
)
def test_inconsistent_data_is_not_an_entry(more: dict[str, object]) -> None:
    """Cover times without a zone, other requests and other channels."""
    kept = {REV: "3", ENTRY: json.dumps({"face": FACE, **more})}
    assert decode_record("i", kept, NOW) == Record("3")


@pytest.mark.parametrize(
    ("slot", "channel", "right"),
    [
        ("card:#general", "C0GENERAL1", True),
        ("card:U0BOB00001", "D0BOB00001", True),
        ("card:C0GENERAL1", "C0GENERAL1", True),
        ("card:C0GENERAL1", "C0ACCESS01", False),
        ("card:#general", "#other", False),
        ("review:ab:#general", "C0GENERAL1", False),
    ],
)
def test_card_addressed_by_name_has_a_recorded_id(slot: str, channel: str, right: bool) -> None:
    """Slack's response contains the channel ID."""
    message = {"slot": slot, "channel": channel, "ts": "1"}
    kept = {REV: "3", ENTRY: json.dumps({"face": FACE, "messages": [message]})}
    assert (decode_record("i", kept, NOW).entry is not None) is right


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_entry_with_an_intent_outside_the_calendar_is_ignored(at: str) -> None:
    """The bot searches Slack's history from two minutes before the intent."""
    intent = {"slot": "card:C1", "channel": "C1", "key": "k", "at": at}
    kept = {REV: "3", ENTRY: json.dumps({"face": FACE, "intents": [intent]})}
    assert decode_record("i", kept, NOW) == Record("3")


@pytest.mark.parametrize(("ahead", "valid"), [(59, True), (60, True), (61, False)])
def test_first_start_can_be_ahead_by_the_difference_of_two_clocks(ahead: int, valid: bool) -> None:
    """Another replica may have recorded it. The difference is in minutes."""
    skipped_at = NOW + timedelta(minutes=ahead)
    kept = {REV: "3", ENTRY: replace(entry("i"), skipped_at=skipped_at).to_json()}
    assert (decode_record("i", kept, NOW).entry is not None) is valid


def test_intent_keeps_the_address_that_it_was_recorded_with() -> None:
    """Only Slack's response to a post shows the ID of a named channel."""
    intent = {"slot": "card:#general", "channel": "C0GENERAL1", "key": "k", "at": NOW.isoformat()}
    kept = {REV: "3", ENTRY: json.dumps({"face": FACE, "intents": [intent]})}
    assert decode_record("i", kept, NOW) == Record("3")


def test_one_message_in_the_wrong_channel_makes_the_entry_invalid() -> None:
    """The other messages don't matter."""
    wrong = PostedMessage(slot="card:C2", channel="C3", ts="2")
    kept = {REV: "3", ENTRY: entry("i", card("1"), wrong).to_json()}
    assert decode_record("i", kept, NOW) == Record("3")


@pytest.mark.parametrize(
    "stored", ["{", json.dumps({"face": {**FACE, "id": "another"}})], ids=["invalid", "other"]
)
def test_ignored_entry_is_logged(stored: str) -> None:
    with structlog.testing.capture_logs() as logged:
        decode_record("i", {ENTRY: stored}, NOW)
    assert [(each["event"], each["request_id"]) for each in logged] == [
        ("ledger_entry_invalid", "i")
    ]


def test_entry_is_minimized_only_beyond_32_kilobytes() -> None:
    """A minimized entry has no reason. The limit counts the bytes of its JSON."""
    plain = entry("i")
    size = len(replace_reason(plain, "").to_json()) + len(',"reason":"x"')
    largest = replace_reason(plain, "x" * (32 * 1024 - size + 1))
    assert encode_entry(largest) == largest.to_json()
    larger = replace_reason(plain, "x" * (32 * 1024 - size + 2))
    assert encode_entry(larger) == plain.to_json()


def test_entry_larger_than_every_entry_of_the_bot_is_ignored() -> None:
    """Thousands of forged messages would use up the calls that Slack allows for other requests."""
    ignored = len(json.dumps({"face": FACE, "of another version": ""}))
    room = 32 * 1024 - ignored
    for length, valid in ((room, True), (room + 1, False)):
        kept = {REV: "3", ENTRY: json.dumps({"face": FACE, "of another version": "x" * length})}
        assert (decode_record("i", kept, NOW).entry is not None) is valid


def test_entry_that_is_too_large_without_texts_is_rejected() -> None:
    messages = tuple(PostedMessage(slot=f"card:C{i}", channel=f"C{i}", ts="1") for i in range(1000))
    with pytest.raises(EntryTooLarge):
        encode_entry(entry("i", *messages))


@given(st.datetimes(timezones=st.sampled_from(ZONES)))
def test_time_in_an_entry_can_be_shown(when: datetime) -> None:
    """An entry with any other time is ignored."""
    face = {**FACE, "status": "approved", "access_until": when.isoformat()}
    record = decode_record("i", {REV: "3", ENTRY: json.dumps({"face": face})}, NOW)
    if record.entry is not None:
        card_of(record.entry.card_model)


@given(st.dictionaries(st.sampled_from([REV, ENTRY, "other"]), st.text()))
def test_stored_data_never_makes_decoding_fail(kept: dict[str, str]) -> None:
    record = decode_record("i", kept, NOW)
    assert record.rev == kept.get(REV, "")
    assert record.next_rev.isdecimal()
    assert record.next_rev != record.rev


@pytest.mark.parametrize(
    ("rev", "after"),
    [
        ("", "1"),
        ("1", "2"),
        ("0", "1"),
        ("007", "8"),
        ("x", "1"),
        ("-1", "1"),
        ("\N{ARABIC-INDIC DIGIT ONE}", "1"),
        ("8" * 15, "8" * 14 + "9"),
        ("8" * 16, "1"),
    ],
)
def test_stored_revision_is_expected_and_incremented(rev: str, after: str) -> None:
    assert Record(rev).next_rev == after


def test_message_claimed_by_two_entries_belongs_to_neither() -> None:
    """Otherwise one request's card would show the state of the other."""
    records = {
        "a": Record("1", entry("a", card("1"))),
        "b": Record("1", entry("b", card("1"), PostedMessage(slot="dm:x", channel="D", ts="2"))),
        "c": Record("1"),
    }
    left = drop_shared_messages(records)
    assert left["a"] == Record("1", entry("a"))
    assert left["b"].entry == entry("b", PostedMessage(slot="dm:x", channel="D", ts="2"))
    assert left["c"] == Record("1")


def test_message_that_was_never_sent_is_not_shared() -> None:
    """Several requests can have an undeliverable card of one channel."""
    records = {name: Record("1", entry(name, card(""))) for name in ("a", "b")}
    assert drop_shared_messages(records) == records

"""The ledger's copy of the entries: pending changes, lost races, deleted requests, takeovers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

import pytest

from notifications.records.entry import UNKNOWN_FINGERPRINT, Entry, PostedMessage
from notifications.records.ledger import Ledger, RequestGone
from teleport_client.client import TeleportClient
from teleport_client.errors import Conflict, NotFound
from teleport_client.model.cluster import PluginData
from tests.samples import sample_model

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PLUGIN = "teleport-chatops/T1"
ID = sample_model().id
CARD = PostedMessage(slot="card:C1", channel="C1", ts="1", fingerprint="f")
NOTICE = PostedMessage(slot="dm:created", channel="D1", ts="2")


@dataclass
class StoredData:
    """Plugin data in memory, with Teleport's compare-and-swap."""

    data: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: set[str] = field(default_factory=lambda: {ID})
    """Requests that exist."""
    may_write: asyncio.Event = field(default_factory=asyncio.Event)
    writing: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_write.set()

    async def list(self, plugin: str, *, request_id: str = "") -> dict[str, PluginData]:
        assert plugin == PLUGIN
        return {name: dict(data) for name, data in self.data.items() if request_id in {"", name}}

    async def update(
        self, plugin: str, request_id: str, *, change: PluginData, expect: PluginData
    ) -> None:
        assert plugin == PLUGIN
        self.writing.set()
        await self.may_write.wait()
        if request_id not in self.requests:
            raise NotFound("no such request")
        stored = self.data.get(request_id, {})
        if any(stored.get(key, "") != value for key, value in expect.items()):
            raise Conflict("another revision")
        self.data[request_id] = {**stored, **change}


@dataclass
class Desk:
    stored: StoredData = field(default_factory=StoredData)
    now: datetime = NOW

    def ledger(self) -> Ledger:
        teleport = cast("TeleportClient", _Teleport(self.stored))
        return Ledger(teleport, PLUGIN, now=lambda: self.now)

    async def loaded(self) -> Ledger:
        """Return the ledger of another replica, which has just become the leader."""
        ledger = self.ledger()
        await ledger.load()
        return ledger


@dataclass
class _Teleport:
    plugin_data: StoredData


def entry(*messages: PostedMessage) -> Entry:
    return Entry(card_model=replace(sample_model(), access_for=None), messages=messages)


def messages_of(ledger: Ledger) -> tuple[PostedMessage, ...]:
    known = ledger.get(ID)
    assert known is not None
    return known.messages


def stale(message: PostedMessage) -> PostedMessage:
    return replace(message, fingerprint=UNKNOWN_FINGERPRINT)


async def test_written_entry_has_the_next_revision_and_the_time_of_the_write() -> None:
    desk = Desk()
    ledger = desk.ledger()
    for _ in range(2):
        await ledger.write(ID, lambda known: (known or entry()).with_message(CARD))
    assert desk.stored.data[ID]["rev"] == "2"
    assert ledger.get(ID) == replace(entry(CARD), updated_at=NOW)
    assert len(ledger) == len(ledger.ids) == 1


async def test_noted_change_counts_at_once_and_is_stored_by_the_next_write() -> None:
    desk = Desk()
    ledger = desk.ledger()
    await ledger.write(ID, lambda _: entry(CARD))
    ledger.note(ID, lambda known: known.with_message(NOTICE))
    ledger.note("unknown", Entry.mark_stale)
    assert messages_of(ledger) == (CARD, NOTICE)
    await ledger.write(ID, lambda known: known or entry())
    desk.now += timedelta(hours=1)
    assert messages_of(await desk.loaded()) == messages_of(ledger) == (CARD, NOTICE)
    await ledger.flush(ID)
    await ledger.flush("unknown")
    assert desk.stored.data[ID]["rev"] == "2"


async def test_change_noted_during_a_write_is_part_of_the_next_one() -> None:
    desk = Desk()
    ledger = desk.ledger()
    await ledger.write(ID, lambda _: entry())
    desk.stored.may_write.clear()
    desk.stored.writing.clear()
    ledger.note(ID, lambda known: known.with_message(CARD))
    writing = asyncio.create_task(ledger.write(ID, lambda known: known or entry()))
    await desk.stored.writing.wait()
    ledger.note(ID, lambda known: known.with_message(NOTICE))
    desk.stored.may_write.set()
    await writing
    assert messages_of(ledger) == (CARD, NOTICE)
    assert "dm:created" not in desk.stored.data[ID]["entry"]
    await ledger.flush(ID)
    assert "dm:created" in desk.stored.data[ID]["entry"]


async def test_loser_of_a_race_rereads_the_entry_and_keeps_its_results() -> None:
    """The state of the cards is uncertain, because both replicas may have updated them."""
    desk = Desk()
    await (winner := desk.ledger()).write(ID, lambda _: entry(CARD))
    loser = await desk.loaded()
    await winner.write(ID, lambda _: entry(replace(CARD, ts="9")))
    loser.note(ID, lambda known: known.with_message(NOTICE))
    with pytest.raises(Conflict):
        await loser.flush(ID)
    assert messages_of(loser) == (stale(replace(CARD, ts="9")), NOTICE)
    await loser.flush(ID)
    assert desk.stored.data[ID]["rev"] == "3"


async def test_entry_that_is_read_again_has_no_message_of_another_request() -> None:
    """Another program wrote it. Otherwise the other card would show this request."""
    desk = Desk()
    desk.stored.requests.add("other")
    ledger = desk.ledger()
    await ledger.write(ID, lambda _: entry())
    await ledger.write("other", lambda _: entry(CARD))
    noted = replace(CARD, slot="card:C2", channel="C2")
    ledger.note("other", lambda known: known.with_message(noted))
    forged = entry(CARD, noted, NOTICE)
    desk.stored.data[ID] = {"rev": "9", "entry": forged.to_json()}
    with pytest.raises(Conflict):
        await ledger.write(ID, lambda _: entry())
    assert messages_of(ledger) == (NOTICE,)
    other = ledger.get("other")
    assert other is not None
    assert other.messages == (CARD, noted)


async def test_loser_of_a_race_forgets_an_entry_that_is_gone() -> None:
    """Another program removed it."""
    desk = Desk()
    ledger = desk.ledger()
    await ledger.write(ID, lambda _: entry(CARD))
    desk.stored.data.clear()
    with pytest.raises(Conflict):
        await ledger.write(ID, lambda _: entry(CARD))
    assert ledger.get(ID) is None
    await ledger.write(ID, lambda _: entry(CARD))
    assert desk.stored.data[ID]["rev"] == "1"


async def test_invalid_entry_of_another_program_is_replaced() -> None:
    """It counts as no entry, whether it is read at the takeover or after a lost race."""
    invalid = {"rev": "9", "entry": "{"}
    desk = Desk(StoredData({ID: invalid}))
    ledger = await desk.loaded()
    assert (ledger.get(ID), ledger.first_started) == (None, None)
    await ledger.write(ID, lambda _: entry(CARD))
    assert desk.stored.data[ID]["rev"] == "10"
    desk.stored.data[ID] = invalid
    with pytest.raises(Conflict):
        await ledger.write(ID, lambda _: entry(CARD))
    assert ledger.get(ID) is None
    await ledger.write(ID, lambda _: entry(CARD))
    assert messages_of(ledger) == (CARD,)


async def test_forgotten_request_loses_its_pending_changes() -> None:
    ledger = Desk().ledger()
    await ledger.write(ID, lambda _: entry())
    ledger.note(ID, lambda known: known.with_message(NOTICE))
    ledger.forget(ID)
    with pytest.raises(Conflict):
        await ledger.write(ID, lambda _: entry())
    assert messages_of(ledger) == ()


async def test_entry_of_a_deleted_request_stays_in_this_process() -> None:
    desk = Desk()
    ledger = desk.ledger()
    await ledger.write(ID, lambda _: entry(CARD))
    desk.stored.requests.clear()
    with pytest.raises(RequestGone):
        await ledger.apply(ID, lambda known: known.with_message(NOTICE))
    await ledger.flush(ID)
    assert messages_of(ledger) == (CARD, NOTICE)
    ledger.forget(ID)
    assert (ledger.get(ID), ledger.ids) == (None, frozenset())


async def test_deleted_request_without_an_entry_gets_none() -> None:
    ledger = Desk(StoredData(requests=set())).ledger()
    for _ in range(2):
        with pytest.raises(RequestGone):
            await ledger.write(ID, lambda _: entry())
    assert ledger.get(ID) is None


async def test_forgotten_request_is_written_again_if_it_exists() -> None:
    """A restored backup contains the requests that were deleted since."""
    for forget in (True, False):
        desk = Desk()
        ledger = desk.ledger()
        await ledger.write(ID, lambda _: entry(CARD))
        desk.stored.requests.clear()
        with pytest.raises(RequestGone):
            await ledger.write(ID, lambda _: entry(CARD))
        desk.stored.requests.add(ID)
        if forget:
            ledger.forget(ID)
            desk.stored.data.clear()
        else:
            await ledger.load()
        before = dict(desk.stored.data)
        await ledger.write(ID, lambda _: entry(CARD, NOTICE))
        assert desk.stored.data != before


@pytest.mark.parametrize(("seconds", "is_stale"), [(0, True), (60, True), (61, False)])
async def test_takeover_marks_the_cards_of_the_last_minute_as_stale(
    seconds: int, is_stale: bool
) -> None:
    """A call of the former leader can still reach Slack."""
    desk = Desk()
    await desk.ledger().write(ID, lambda _: entry(CARD, NOTICE))
    desk.now += timedelta(seconds=seconds)
    expected = stale(CARD) if is_stale else CARD
    assert messages_of(await desk.loaded()) == (expected, NOTICE)


@pytest.mark.parametrize("raced", [False, True])
async def test_pending_change_survives_a_takeover_without_a_newer_revision(raced: bool) -> None:
    desk = Desk()
    ledger = desk.ledger()
    await ledger.write(ID, lambda _: entry(CARD))
    ledger.note(ID, lambda known: known.with_message(NOTICE))
    if raced:
        await (await desk.loaded()).write(ID, lambda _: entry(CARD))
    desk.now += timedelta(hours=1)
    await ledger.load()
    assert messages_of(ledger) == ((CARD,) if raced else (CARD, NOTICE))


def _skipped(start: datetime | None, _known: Entry | None) -> Entry:
    return replace(entry(), skipped_at=start)


async def test_first_start_is_the_earliest_recorded_one() -> None:
    desk = Desk()
    ledger = desk.ledger()
    assert ledger.first_started is None
    starts: Mapping[str, datetime | None] = {
        "a": None,
        "b": NOW,
        "c": NOW - timedelta(days=1),
    }
    desk.stored.requests.update(starts)
    for name, start in starts.items():
        await ledger.write(name, partial(_skipped, start))
    assert ledger.first_started == NOW - timedelta(days=1)

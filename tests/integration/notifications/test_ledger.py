"""Ledger entries in Teleport's plugin data, written by several replicas."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from notifications.records.entry import Entry, PostedMessage
from notifications.records.ledger import Ledger, RequestGone
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.errors import Conflict
from teleport_client.transport.dialer import dial
from tests.integration.request_factory import pending_request
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status

PLUGIN = "teleport-chatops/test"
NO_SUCH_ID = "0190c0de-0000-7000-8000-00000000abcd"


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def two_ledgers(teleport: TeleportStandIn) -> AsyncIterator[tuple[Ledger, Ledger]]:
    credentials = load_identity_file(teleport.identity("bot"), now())
    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        yield Ledger(client, PLUGIN, now=now), Ledger(client, PLUGIN, now=now)


def entry_of(request_id: str, slot: str) -> Entry:
    face = CardModel(id=request_id, user="alice", roles=("staging",), status=Status.WAITING)
    message = PostedMessage(slot=slot, channel=slot.rpartition(":")[2], ts="1.000001")
    return Entry(card_model=face).with_message(message)


@pytest.mark.parametrize("exists", [False, True])
async def test_write_raises_conflict_when_another_replica_wrote_first(
    teleport: TeleportStandIn, exists: bool
) -> None:
    """The loser's entry isn't stored, both for a new entry and for an existing revision."""
    request_id = pending_request(teleport).Metadata.Name
    async with two_ledgers(teleport) as (winner, loser):
        if exists:
            await winner.write(request_id, lambda _: entry_of(request_id, "card:C0FIRST001"))
            await loser.load()
        await winner.write(request_id, lambda _: entry_of(request_id, "card:C0WINNER01"))
        with pytest.raises(Conflict):
            await loser.write(request_id, lambda _: entry_of(request_id, "card:C0LOSER001"))
        await winner.load()
        for ledger in (winner, loser):
            entry = ledger.get(request_id)
            assert entry is not None
            assert [message.slot for message in entry.messages] == ["card:C0WINNER01"]


async def test_write_succeeds_after_a_lost_race(teleport: TeleportStandIn) -> None:
    """The loser has read the winner's revision by then."""
    request_id = pending_request(teleport).Metadata.Name
    async with two_ledgers(teleport) as (winner, loser):
        await winner.write(request_id, lambda _: entry_of(request_id, "card:C0WINNER01"))
        with pytest.raises(Conflict):
            await loser.write(request_id, lambda _: entry_of(request_id, "card:C0LOSER001"))
        message = PostedMessage(slot="dm:created", channel="D0ALICE001", ts="1.000002")
        await loser.apply(request_id, lambda entry: entry.with_message(message))
        await winner.load()
        entry = winner.get(request_id)
        assert entry is not None
        assert {each.slot for each in entry.messages} == {"card:C0WINNER01", "dm:created"}


async def test_request_gone_is_raised_once_without_a_revision(
    teleport: TeleportStandIn,
) -> None:
    """Other programs can write such an entry. Repeated errors would keep a worker busy forever."""
    request_id = pending_request(teleport).Metadata.Name
    async with two_ledgers(teleport) as (ledger, _):
        await ledger.write(request_id, lambda _: entry_of(request_id, "card:C0ACCESS01"))
        (record,) = teleport.cluster.plugin_data.values()
        del record.Spec.Entries[PLUGIN].Data["rev"]
        await ledger.load()
        teleport.cluster.plugin_data.clear()
        teleport.cluster.requests.delete(request_id)
        message = PostedMessage(slot="dm:deleted", channel="D0ALICE001", ts="1.000002")
        with pytest.raises(RequestGone):
            await ledger.apply(request_id, lambda entry: entry.with_message(message))
        await ledger.flush(request_id)
        entry = ledger.get(request_id)
        assert entry is not None
        assert entry.message_for("dm:deleted") == message


async def test_settle_writes_results_noted_during_its_write(teleport: TeleportStandIn) -> None:
    """The bot can be stopping, so no later write is certain."""
    request_id = pending_request(teleport).Metadata.Name
    card = PostedMessage(slot="card:C0ACCESS01", channel="C0ACCESS01", ts="1.000002")
    dm = PostedMessage(slot="dm:created", channel="D0ALICE001", ts="1.000003")
    async with two_ledgers(teleport) as (ledger, other):
        await ledger.write(request_id, lambda _: entry_of(request_id, "card:C0FIRST001"))
        ledger.note(request_id, lambda entry: entry.with_message(card))
        settling = asyncio.create_task(ledger.flush(request_id))
        await teleport.journal.wait_for_call("UpdatePluginData", count=2)
        ledger.note(request_id, lambda entry: entry.with_message(dm))
        await settling
        await other.load()
        entry = other.get(request_id)
        assert entry is not None
        assert entry.message_for("card:C0ACCESS01") == card
        assert entry.message_for("dm:created") == dm


async def test_change_of_an_unknown_entry_is_not_kept(teleport: TeleportStandIn) -> None:
    """A late result can arrive after the entry was dropped."""
    request_id = pending_request(teleport).Metadata.Name
    async with two_ledgers(teleport) as (ledger, _):
        await ledger.apply(request_id, Entry.mark_stale)
        assert ledger.get(request_id) is None
        assert not teleport.journal.of("UpdatePluginData")


async def test_first_entry_of_a_deleted_request_is_not_recorded(teleport: TeleportStandIn) -> None:
    async with two_ledgers(teleport) as (ledger, _):
        with pytest.raises(RequestGone):
            await ledger.write(
                "0190c0de-0000-7000-8000-00000000abcd", lambda _: entry_of("i", "card:C0FIRST001")
            )
        assert not ledger.ids

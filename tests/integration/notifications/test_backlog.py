"""Very large numbers of pending requests at the start of the bot."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from notifications.records.entry import Entry, PostedMessage
from notifications.records.ledger_codec import ENTRY, REV, encode_entry
from notifications.records.slots import card_slot, notice_slot
from notifications.workqueue.work_queue import MAX_WORKERS
from sandbox.cast import TEAM
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import stamp, utc_now
from teleport_client._proto.types_pb2 import PluginDataV3, RequestState
from tests.integration.bot_process import Bot, bot, run_bot_here
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, words
from tests.patience import PATIENCE_SECONDS
from workspace.card_model.notice import Notice
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status

_MANY = 3_000
_IN_FLIGHT = 3
"""Backlog cards that can be posted while the new request waits for its turn; 32 wait for one."""
_TO_EDIT, _MAX_WAITING = 500, 200
_CHANNEL = "C0ACCESS01"
_BYTES_EACH = 5_000
"""Memory per waiting request."""


@pytest.mark.load
async def test_new_request_goes_before_thousands_of_older_ones(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The backlog is handled oldest first.

    A channel gets one card per second, so few are in flight.
    """
    stage = Stage(slack, teleport)
    async with bot("--config", str(settings_file)) as process:
        pending_request(teleport, reason="before them all", user="bob")
        await stage.dm("bob", "is waiting")
        at_rest = peak_memory(process)
        process.process.terminate()
        await process.end()
    backlog = [
        pending_request(
            teleport,
            age=timedelta(minutes=50) - timedelta(seconds=number / 5),
            reason=f"backlog {number}.",
            user="nobody-in-slack",
        ).Metadata.Name
        for number in range(_MANY)
    ]
    async with bot("--config", str(settings_file)) as process:
        await stage.card("backlog 1.")
        newcomer = pending_request(teleport, reason="newcomer", user="nobody-in-slack")
        await recorded(teleport, newcomer.Metadata.Name)
        before = backlog_cards(stage)
        await stage.card("newcomer")
        assert backlog_cards(stage) - before <= _IN_FLIGHT
        taken = [backlog.index(each) for each in recorded_requests(teleport) & set(backlog)]
        assert peak_memory(process) - at_rest < _MANY * _BYTES_EACH
    assert sorted(taken) == list(range(len(taken)))
    assert len(taken) <= MAX_WORKERS + backlog_cards(stage)


def backlog_cards(stage: Stage) -> int:
    return sum("backlog" in words(message) for message in stage.messages())


async def recorded(teleport: TeleportStandIn, request_id: str) -> None:
    """Wait until the ledger contains a request."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while request_id not in recorded_requests(teleport):
            await teleport.journal.wait_for_call(
                "UpdatePluginData", count=len(teleport.journal.of("UpdatePluginData")) + 1
            )


def peak_memory(process: Bot) -> int:
    """Return the peak memory in bytes, or 0 if the kernel doesn't report it."""
    status = Path(f"/proc/{process.process.pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def recorded_requests(teleport: TeleportStandIn) -> set[str]:
    """Return the IDs of the requests in the ledger."""
    return {name for _, name in teleport.cluster.plugin_data}


async def test_card_updates_in_memory_are_limited(
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All were denied while the bot was down, and Slack rejects updates. The others wait as IDs."""
    monkeypatch.setattr("notifications.requests.request_work.MAX_WAITING", _MAX_WAITING)
    for number in range(_TO_EDIT):
        request = pending_request(teleport, state=RequestState.DENIED, user="nobody-in-slack")
        keep(teleport, request.Metadata.Name, ts=f"1.{number}")
    slack.faults.inject({"method": "chat.update", "retry_after": 3600})
    depths: list[float] = []

    def full(found: dict[str, float]) -> bool:
        """Return whether the outbox is full, and didn't get more messages between two polls."""
        depths.append(found["teleport_chatops_outbox_depth"])
        return depths[-1] >= _MAX_WAITING and depths[-1] in depths[-2:-1]

    async with run_bot_here(settings_file) as health:
        measured = await health.metrics_where(full)
    assert measured["teleport_chatops_outbox_depth"] <= _MAX_WAITING + MAX_WORKERS
    assert measured["teleport_chatops_queue_depth"] >= _TO_EDIT - _MAX_WAITING - 2 * MAX_WORKERS


def keep(teleport: TeleportStandIn, request_id: str, *, ts: str) -> None:
    """Record a card in state pending and a delivered first notice."""
    face = CardModel(request_id, "nobody-in-slack", ("staging",), Status.WAITING)
    card = PostedMessage(slot=card_slot(_CHANNEL), channel=_CHANNEL, ts=ts, fingerprint="waiting")
    told = PostedMessage(slot=notice_slot(Notice.DENIED), channel="", ts="")
    entry = Entry(card_model=face, messages=(card, told))
    record = PluginDataV3(Kind="plugin_data", SubKind="access_request", Version="v3")
    record.Metadata.Name = request_id
    record.Metadata.Expires.CopyFrom(stamp(utc_now() + timedelta(hours=9)))
    data = record.Spec.Entries[f"teleport-chatops/{TEAM}"].Data
    data.update({ENTRY: encode_entry(entry), REV: "1"})
    teleport.cluster.plugin_data["access_request", request_id] = record


async def test_recent_request_is_not_backlog_for_a_new_leader(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Without a leader the request wasn't announced, and it can be short-lived."""
    for number in range(40):
        pending_request(teleport, age=timedelta(minutes=30), reason=f"backlog {number}.")
    for number in range(100):
        pending_request(teleport, age=timedelta(seconds=30), reason=f"flood {number}.", user="dana")
    pending_request(teleport, reason="newcomer", age=timedelta(seconds=20), user="bob")
    async with bot("--config", str(settings_file)) as process:
        await process.event("message_posted")
        await Stage(slack, teleport).card("newcomer")

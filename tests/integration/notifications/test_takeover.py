"""One replica dies while it posts a card, and the next one takes over."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.process import running
from bot.settings.settings import load_settings
from notifications.records.entry import entry_from_json
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.bot_process import Bot, bot
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, words
from tests.patience import PATIENCE_SECONDS

_FOR_EVER = 60.0
"""Seconds, longer than any test."""
_HISTORY = {"channels:history", "im:history"}


def read_data(teleport: TeleportStandIn, request_id: str) -> dict[str, str]:
    """Return the request's ledger data."""
    record = teleport.cluster.plugin_data.get(("access_request", request_id))
    return {
        key: value
        for entry in (record.Spec.Entries.values() if record else ())
        for key, value in entry.Data.items()
    }


async def wait_for_data(
    teleport: TeleportStandIn, request_id: str, fits: Callable[[dict[str, str]], bool]
) -> None:
    """Poll for an entry, because the stand-in has no event for a write."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if fits(read_data(teleport, request_id)):
                return
            await asyncio.sleep(0.01)


async def revision(teleport: TeleportStandIn, request_id: str, wanted: str) -> None:
    await wait_for_data(teleport, request_id, lambda kept: kept.get("rev") == wanted)


async def wait_until_recorded(teleport: TeleportStandIn, request_id: str) -> None:
    """Wait until the ledger contains the card and the notice."""
    await wait_for_data(teleport, request_id, _complete)


def _complete(kept: dict[str, str]) -> bool:
    if "entry" not in kept:
        return False
    entry = entry_from_json(kept["entry"])
    return len(entry.messages) == 2 and not entry.intents


@asynccontextmanager
async def run_leader(teleport: TeleportStandIn, settings_file: Path) -> AsyncIterator[Bot]:
    """Run a replica that holds the lease and can be killed."""
    async with bot("--config", str(settings_file)) as process:
        await process.event("ledger_loaded")
        yield process


async def kill(process: Bot, teleport: TeleportStandIn) -> None:
    """Kill the replica without a graceful shutdown, so that its lease has to expire."""
    process.process.send_signal(signal.SIGKILL)
    await process.end()
    teleport.cluster.semaphores.clear()


async def count_cards_after_takeover(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, request_id: str
) -> int:
    """Return the number of cards once the next replica has recorded everything."""
    slack.faults.clear()
    teleport.faults.clear()
    stage = Stage(slack, teleport)
    async with running(load_settings(settings_file)):
        await wait_until_recorded(teleport, request_id)
    return len([m for m in stage.messages() if "redis 1" in words(m)])


@pytest.mark.parametrize("history", [True, False])
async def test_takeover_before_the_intent_is_written(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, *, history: bool
) -> None:
    slack.workspace.app.scopes.update(_HISTORY if history else ())
    async with run_leader(teleport, settings_file) as process:
        teleport.faults.add("UpdatePluginData", delay=_FOR_EVER)
        request_id = pending_request(teleport, reason="redis 1").Metadata.Name
        await teleport.journal.wait_for_call("UpdatePluginData")
        await kill(process, teleport)
    assert not read_data(teleport, request_id)
    assert await count_cards_after_takeover(slack, teleport, settings_file, request_id) == 1


@pytest.mark.parametrize("history", [True, False])
async def test_takeover_after_the_intent_is_written(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, *, history: bool
) -> None:
    """Slack got no call."""
    slack.workspace.app.scopes.update(_HISTORY if history else ())
    async with run_leader(teleport, settings_file) as process:
        teleport.faults.add("UpdatePluginData", delay=_FOR_EVER, after_commit=True)
        request_id = pending_request(teleport, reason="redis 1").Metadata.Name
        await revision(teleport, request_id, "1")
        await kill(process, teleport)
    assert not Stage(slack, teleport).messages()
    assert await count_cards_after_takeover(slack, teleport, settings_file, request_id) == 1


@pytest.mark.parametrize(("history", "cards"), [(True, 1), (False, 2)])
async def test_takeover_after_slack_accepted_the_card(
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    settings_file: Path,
    *,
    history: bool,
    cards: int,
) -> None:
    """The ledger contains only the intent. Without a lookup, two cards are better than none."""
    slack.workspace.app.scopes.update(_HISTORY if history else ())
    async with run_leader(teleport, settings_file) as process:
        teleport.faults.add("UpdatePluginData")
        teleport.faults.add("UpdatePluginData", delay=_FOR_EVER)
        request_id = pending_request(teleport, reason="redis 1").Metadata.Name
        await teleport.journal.wait_for_call("UpdatePluginData", count=2)
        await kill(process, teleport)
    assert len(Stage(slack, teleport).messages()) == 1
    assert await count_cards_after_takeover(slack, teleport, settings_file, request_id) == cards


@pytest.mark.parametrize("history", [True, False])
async def test_takeover_after_the_card_is_recorded(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, *, history: bool
) -> None:
    """The response to the write can be lost."""
    slack.workspace.app.scopes.update(_HISTORY if history else ())
    async with run_leader(teleport, settings_file) as process:
        teleport.faults.add("UpdatePluginData")
        teleport.faults.add("UpdatePluginData", delay=_FOR_EVER, after_commit=True)
        request_id = pending_request(teleport, reason="redis 1").Metadata.Name
        await revision(teleport, request_id, "2")
        await kill(process, teleport)
    assert await count_cards_after_takeover(slack, teleport, settings_file, request_id) == 1


async def test_frozen_replica_sends_nothing_after_its_lease(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """It has a rendered card when it continues, and another replica has posted that card."""
    settings_file.write_text(f"{settings_file.read_text()}\n[pace]\nfactor = 10.0\n")
    stage = Stage(slack, teleport)
    slack.faults.inject({"method": "chat.postMessage", "retry_after": 1, "times": 1})
    async with run_leader(teleport, settings_file) as process:
        request_id = pending_request(teleport, reason="redis 1").Metadata.Name
        await process.event("slack_rate_limited")
        process.process.send_signal(signal.SIGSTOP)
        async with running(load_settings(settings_file)):
            await wait_until_recorded(teleport, request_id)
            process.process.send_signal(signal.SIGCONT)
            await process.event("lease_lost")
            process.process.send_signal(signal.SIGTERM)
            await process.end()
    assert len(stage.cards()) == 1


async def test_recorded_resolution_survives_a_leader_with_an_old_list(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The new leader started with a stale list and got only the delete event."""
    stage = Stage(slack, teleport)
    async with run_leader(teleport, settings_file) as process:
        request = pending_request(teleport, reason="redis 1")
        ts = (await stage.card("redis 1"))["ts"]
        await wait_until_recorded(teleport, request.Metadata.Name)
        teleport.cluster.stale_lists = True
        teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
        await stage.dm("alice", "was approved")
        await stage.card_where(ts, lambda m: "Approved" in words(m))
        async with running(load_settings(settings_file)):
            process.process.send_signal(signal.SIGSTOP)
            teleport.cluster.delete_request(request.Metadata.Name)
            teleport.cluster.semaphores.clear()
            await stage.slack.message_where(
                "access-requests", "dana",
                lambda m: m["ts"] == ts and "then deleted" in words(m), PATIENCE_SECONDS,
            )  # fmt: skip
        process.process.kill()
        await process.end()
    assert not [m for m in stage.messages("@alice", "alice") if "was deleted" in words(m)]


async def test_stop_releases_the_lease_during_a_command(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Another replica sends messages at once. The response to the command needs no lease."""
    stage = Stage(slack, teleport)
    async with run_leader(teleport, settings_file) as process:
        await process.event("socket_connected")
        teleport.faults.add("CreateAccessRequestV2", delay=5.0)
        await stage.type("alice", "/teleport-request staging because redis 1")
        await teleport.journal.wait_for_call("CreateAccessRequestV2")
        process.process.send_signal(signal.SIGTERM)
        await teleport.journal.wait_for_call("CancelSemaphoreLease", ended=True)
        assert teleport.journal.of("CreateAccessRequestV2")[0].ended is None
        await stage.response("alice", "staging")
        await process.end()


async def test_stop_allows_an_immediate_takeover(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The next replica doesn't wait for the lease to expire."""
    settings = load_settings(settings_file)
    async with run_leader(teleport, settings_file) as process, running(settings):
        process.process.send_signal(signal.SIGTERM)
        await process.end()
        pending_request(teleport, reason="redis 1")
        card = await slack.message_where(
            "access-requests", "dana", lambda m: "redis 1" in words(m), timeout=8
        )
        assert card

"""Number of ledger writes for one request, from its creation until its outcome is shown."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from notifications.records.entry import Entry, entry_from_json
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import APPROVED
from tests.integration.clusters import run_cluster
from tests.integration.conftest import run_bot_on
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, words

MOST = 4
_TWO_CHANNELS = '[role_to_recipients]\nstaging = ["general", "access-requests"]'

Approve: TypeAlias = Callable[[Stage, str], Awaitable[None]]


def writes(teleport: TeleportStandIn) -> int:
    return len(teleport.journal.of("UpdatePluginData"))


def read_entry(teleport: TeleportStandIn, request_id: str) -> Entry:
    """Return the request's ledger entry."""
    record = teleport.cluster.plugin_data["access_request", request_id]
    texts = [each.Data["entry"] for each in record.Spec.Entries.values() if "entry" in each.Data]
    (entry,) = map(entry_from_json, texts)
    return entry


async def approve_at_once(stage: Stage, reason: str) -> None:
    """Approve as soon as the card exists."""
    await stage.click("bob", await stage.card(reason), "approve")


async def approve_later(stage: Stage, reason: str) -> None:
    """Approve once the first messages are recorded."""
    card = await stage.card(reason)
    await stage.dm("alice", "is waiting")
    await stage.teleport.journal.wait_for_call("UpdatePluginData", count=2, ended=True)
    await stage.click("bob", card, "approve")


async def wait_until_approved(stage: Stage, reason: str, *channels: str) -> None:
    """Wait until all messages show the approval; the bot records the last ones before it stops."""
    await stage.dm("alice", "was approved by bob")
    await stage.dm("alice", "✅ Approved. See the next message.")
    for channel in channels:
        card = await stage.card(reason, channel)
        await stage.card_where(card["ts"], lambda m: "Approved by bob" in words(m), channel)
        await stage.card("✓ bob approved", channel)


async def create_and_approve(stage: Stage, approve: Approve, *channels: str) -> str:
    """Create and approve a request, and return its ID once all messages show the approval."""
    request_id = pending_request(stage.teleport, reason="redis 1").Metadata.Name
    await approve(stage, "redis 1")
    await wait_until_approved(stage, "redis 1", *channels)
    assert stage.request(request_id).Spec.State == APPROVED
    return request_id


@pytest.mark.parametrize("approve", [approve_at_once, approve_later])
async def test_request_takes_four_writes(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, approve: Approve
) -> None:
    """They contain intents, messages, the intents after the approval, and the final state."""
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        request_id = await create_and_approve(stage, approve, "access-requests")
    assert writes(teleport) <= MOST
    entry = read_entry(teleport, request_id)
    assert len(entry.messages) == 4
    assert not entry.intents


@pytest.mark.parametrize("approve", [approve_at_once, approve_later])
async def test_another_channel_takes_one_more_write_at_most(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, approve: Approve
) -> None:
    def two_channels(text: str) -> str:
        return text.replace("[role_to_recipients]", _TWO_CHANNELS)

    general = slack.workspace.conversation("general")
    assert general is not None
    general.members.add(slack.workspace.app.bot_user)
    async with run_bot_on(Stage(slack, teleport), settings_file, two_channels) as stage:
        request_id = await create_and_approve(stage, approve, "access-requests", "general")
    assert writes(teleport) <= MOST + 1
    assert len(read_entry(teleport, request_id).messages) == 6


@pytest.mark.parametrize("approve", [approve_at_once, approve_later])
async def test_claim_of_an_override_takes_one_more_write(
    slack: SlackStandIn, tmp_path: Path, approve: Approve
) -> None:
    async with run_cluster(slack, tmp_path, Edition.COMMUNITY) as (stage, _):
        await create_and_approve(stage, approve)
        await stage.card("Approved by bob")
    assert writes(stage.teleport) <= MOST + 1

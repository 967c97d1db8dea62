"""Catching up after a time without a bot or without Teleport."""

import pytest

from tests.integration.slack_driver import words
from tests.real_teleport.harness.bot_process import BotProcess, running_bot
from tests.real_teleport.harness.world import World


@pytest.mark.parametrize("killed", [False, True])
async def test_next_bot_shows_changes_made_without_a_bot(world: World, *, killed: bool) -> None:
    """One request was approved, another one created."""
    world.grant_history()
    settings = world.settings()
    async with running_bot(settings) as first:
        request_id, card = await world.requested("alice", "staging", "before the break")
        await world.people.dm("alice", "waiting for approval")
        await (first.kill() if killed else first.stop())
    await world.cluster.tctl("requests", "approve", request_id)
    await world.requested_unseen("carol", "staging", "during the break")
    async with running_bot(settings) as second:
        await second.event("lease_acquired")
        await world.approved(card)
        await world.people.dm("alice", f"tsh login --request-id={request_id}")
        await world.people.card("during the break")
    for reason in ("before the break", "during the break"):
        assert len([card for card in world.people.cards() if reason in words(card)]) == 1


async def test_bot_goes_on_after_a_restart_of_teleport(world: World, bot: BotProcess) -> None:
    """With the request from before it, and with new ones."""
    _, before = await world.requested("alice", "staging", "before the restart")
    seen = len(bot.events)
    await world.cluster.stop()
    await world.cluster.start()
    await bot.event("watch_started", after=seen)
    await world.people.click("bob", before, "approve")
    await world.approved(before)
    await world.requested_by_tsh("carol", "staging", "after the restart")

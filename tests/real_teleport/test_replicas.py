"""Two bots on one cluster."""

import pytest

from tests.integration.slack_driver import words
from tests.real_teleport.harness.bot_process import running_bot
from tests.real_teleport.harness.world import World


@pytest.mark.parametrize("killed", [False, True])
async def test_other_replica_takes_over(world: World, *, killed: bool) -> None:
    """It shows each request once, and takes the clicks."""
    world.grant_history()
    settings = world.settings()
    async with running_bot(settings) as leader:
        await leader.event("lease_acquired")
        async with running_bot(settings) as other:
            _, before = await world.requested("alice", "staging", "shown by the first")
            await (leader.kill() if killed else leader.stop())
            await world.requested_unseen("carol", "staging", "shown by the second")
            await other.event("lease_acquired")
            await world.people.card("shown by the second")
            await world.people.click("bob", before, "approve")
            await world.approved(before)
    for reason in ("shown by the first", "shown by the second"):
        assert len([card for card in world.people.cards() if reason in words(card)]) == 1

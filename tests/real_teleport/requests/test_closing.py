"""Requests that end without a decision, or after one."""

import pytest

from tests.integration.slack_driver import words
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.cluster import NODE
from tests.real_teleport.harness.programs import ProgramFailed
from tests.real_teleport.harness.world import World
from workspace.card_model.status import Status


async def test_card_closes_when_the_request_expires_without_a_review(
    world: World, bot: BotProcess
) -> None:
    """The requester is sent a message, too."""
    _, card = await world.requested_by_tsh(
        "alice", "staging", "for an expiry without a review", "--request-ttl=6s"
    )
    await world.closed(card, Status.EXPIRED)
    await world.people.dm("alice", "expired without a decision")


async def test_card_closes_when_its_request_is_deleted(world: World, bot: BotProcess) -> None:
    request_id, card = await world.requested("alice", "staging", "to be deleted")
    await world.cluster.tctl("requests", "rm", "--force", request_id)
    await world.closed(card, Status.DELETED)


async def test_card_of_a_deleted_approval_shows_how_to_end_the_access(
    world: World, bot: BotProcess
) -> None:
    """Certificates outlive the request; the command on the card stops them."""
    request_id, card = await world.requested("alice", "staging", "to be deleted later")
    await world.people.click("bob", card, "approve")
    await world.approved(card)
    await world.tsh("alice", "login", f"--request-id={request_id}")
    await world.cluster.tctl("requests", "rm", "--force", request_id)
    deleted = await world.people.card_where(card["ts"], lambda m: "then deleted" in words(m))
    assert f"tctl lock --access-request={request_id}" in words(deleted)
    assert NODE in await world.tsh("alice", "ls")
    async with world.cluster.locked(f"--access-request={request_id}", "no longer needed"):
        with pytest.raises(ProgramFailed, match="access denied"):
            await world.tsh("alice", "ls")

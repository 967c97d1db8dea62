"""The bot never exceeds a user's own permissions in Teleport."""

import pytest

from sandbox.cast import PEOPLE
from tests.integration.slack_driver import words
from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.cast_resources import role
from tests.real_teleport.harness.world import World


@pytest.mark.parametrize("target", ["--user=alice", "--role=prod-requester"])
async def test_locked_user_requests_nothing(world: World, bot: BotProcess, target: str) -> None:
    """A lock on a role of the user has the same effect."""
    async with world.cluster.locked(target, "on leave"):
        await world.people.type("alice", "/teleport-request staging because redis is stuck")
        assert "locked" in words(await world.people.response("alice", "on leave"))
    assert await world.requests() == []


async def test_locked_reviewer_decides_nothing(world: World, bot: BotProcess) -> None:
    """Nor did the click leave anything that stops others."""
    _, card = await world.requested("alice", "staging", "redis is stuck")
    async with world.cluster.locked("--user=bob", "laptop lost"):
        await world.people.click("bob", card, "approve")
        assert "locked" in words(await world.people.response("bob", "laptop lost"))
    await world.people.click("carol", card, "approve")
    assert "carol" in words(await world.approved(card))


async def test_user_with_a_role_that_denies_requests_makes_none(
    world: World, bot: BotProcess
) -> None:
    """Teleport applies the rule to the caller only, which is the bot."""
    deny = role("no-requests")
    deny["spec"]["deny"] = {"rules": [{"resources": ["access_request"], "verbs": ["create"]}]}
    await world.cluster.create(deny)
    nora = next(person for person in PEOPLE if person.name == "nora")
    async with world.cluster.user(Account(nora.name, ("dev", "no-requests"), nora.slack_user_id)):
        await world.people.type("nora", "/teleport-request staging because redis is stuck")
        await world.people.response("nora", "doesn't let you request access")
    assert await world.requests() == []

"""The main job, with everything real but Slack."""

import asyncio

import pytest

from tests.integration.slack_driver import words
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.cluster import NODE
from tests.real_teleport.harness.world import APPROVED, DENIED, World, decided_by


async def test_alice_reaches_the_nodes_that_bob_approved(world: World, bot: BotProcess) -> None:
    """She requests in Slack, bob clicks, and she runs the command that she was sent."""
    assert NODE not in await world.tsh("alice", "ls")
    request_id, card = await world.requested("alice", "staging", "redis is stuck")
    await world.people.click("bob", card, "approve")
    await world.approved(card)
    await world.people.dm("alice", f"tsh login --request-id={request_id}")
    await world.tsh("alice", "login", f"--request-id={request_id}")
    assert NODE in await world.tsh("alice", "ls")


async def test_approval_by_command_names_the_approver(world: World, bot: BotProcess) -> None:
    """On the card and in Teleport."""
    request_id, card = await world.requested("alice", "staging", "redis is slow")
    await world.people.type("bob", f"/teleport-approve {request_id}")
    assert "bob" in words(await world.approved(card))
    stored = await world.cluster.request(request_id)
    assert stored["spec"]["state"] == APPROVED
    assert decided_by(stored, "bob")


async def test_denial_reaches_the_requester_with_its_reason(world: World, bot: BotProcess) -> None:
    """Bob types it into the form that opens."""
    request_id, card = await world.requested("alice", "staging", "a look around")
    await world.people.click("bob", card, "deny")
    form = await world.people.form("bob", "review_form")
    reason = {"type": "plain_text_input", "value": "not during the freeze"}
    assert (await world.people.submit("bob", form, reason=reason))["acked"]
    await world.denied(card)
    await world.people.dm("alice", "not during the freeze")
    stored = await world.cluster.request(request_id)
    assert stored["spec"]["state"] == DENIED
    assert decided_by(stored, "bob")


async def test_waiting_tsh_goes_on_when_its_card_is_approved(world: World, bot: BotProcess) -> None:
    """Without another command, alice is on the node's list."""
    waiting = asyncio.create_task(
        world.tsh("alice", "request", "create", "--roles=staging", "--reason=from a terminal")
    )
    card = await world.people.card("from a terminal")
    await world.people.click("carol", card, "approve")
    await waiting
    assert NODE in await world.tsh("alice", "ls")


@pytest.mark.parametrize("command", ["approve", "deny"])
async def test_card_follows_a_request_that_slack_never_touched(
    world: World, bot: BotProcess, command: str
) -> None:
    """Created by tsh and resolved by tctl."""
    request_id, card = await world.requested_by_tsh("alice", "staging", f"to {command}")
    await world.cluster.tctl("requests", command, request_id, "--reason=said dana")
    closed = await (world.approved(card) if command == "approve" else world.denied(card))
    assert "said dana" in words(closed)
    await world.people.dm("alice", "said dana")

"""Requests that take more than one approval."""

import pytest

from tests.integration.slack_driver import words
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.world import APPROVED, PENDING, World

pytestmark = pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)


async def test_card_counts_the_reviews_of_tsh(world: World, bot: BotProcess) -> None:
    request_id, card = await world.requested("alice", "prod", "shard 3 is down")
    await world.tsh("bob", "request", "review", "--approve", "--reason=go ahead", request_id)
    await world.people.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    await world.people.card("go ahead")
    assert (await world.cluster.request(request_id))["spec"]["state"] == PENDING
    await world.tsh("carol", "request", "review", "--approve", request_id)
    approved = words(await world.approved(card))
    assert "bob" in approved
    assert "carol" in approved
    assert (await world.cluster.request(request_id))["spec"]["state"] == APPROVED


async def test_one_denial_closes_the_card(world: World, bot: BotProcess) -> None:
    request_id, card = await world.requested("alice", "prod", "shard 4 is down")
    await world.tsh("bob", "request", "review", "--deny", "--reason=shard 4 is fine", request_id)
    assert "bob" in words(await world.denied(card))
    await world.people.dm("alice", "shard 4 is fine")


@pytest.mark.needs(Feature.ON_BEHALF_REVIEWS)
async def test_two_clicks_are_two_reviews(world: World, bot: BotProcess) -> None:
    """Each is recorded as the reviewer's own."""
    request_id, card = await world.requested("alice", "prod", "shard 5 is down")
    await world.people.click("bob", card, "approve")
    one = await world.people.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    await world.people.click("carol", one, "approve")
    await world.approved(card)
    reviews = (await world.cluster.request(request_id))["spec"]["reviews"]
    assert {review["author"] for review in reviews} == {"bob", "carol"}

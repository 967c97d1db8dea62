"""Requests for resources instead of roles."""

import json

import pytest

from tests.integration.slack_driver import words
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.cluster import NODE
from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.world import World, request_id_in

pytestmark = pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)


async def test_card_shows_the_host_name_of_a_requested_node(world: World, bot: BotProcess) -> None:
    """Teleport names the node by a UUID."""
    (node,) = json.loads(await world.cluster.tctl("get", "nodes", "--format=json"))
    said = await world.tsh(
        "alice", "request", "create", "--nowait", "--reason=one node",
        f"--resource=/main/node/{node['metadata']['name']}",
    )  # fmt: skip
    card = await world.people.card("one node")
    await world.people.card_where(card["ts"], lambda m: NODE in words(m))
    await world.people.click("bob", card, "approve")
    await world.approved(card)
    await world.tsh("alice", "login", f"--request-id={request_id_in(said)}")
    assert NODE in await world.tsh("alice", "ls")

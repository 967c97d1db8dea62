"""Requests for resources instead of roles."""

import json
from datetime import UTC, datetime

import pytest

from sandbox.cast import CLUSTER
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.transport.dialer import dial
from tests.integration.slack_driver import words
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.cluster import NODE, RESOURCES
from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.product import product
from tests.real_teleport.harness.world import World, request_id_in
from workspace.directory.candidates.resource_index import ResourceIndex

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


async def test_printed_role_lists_the_resources_of_the_form(world: World) -> None:
    """A role of its own shows them to the bot, which has access to none of them."""
    mode = "override" if Feature.ON_BEHALF_REVIEWS in world.setting.features.missing else "person"
    printed = await product("teleport-role", "--mode", mode, "--resources")
    await world.cluster.tctl(
        "create", "-f", stdin=printed.out.replace("teleport-chatops", "listing")
    )
    await world.cluster.create(
        {
            "kind": "user",
            "version": "v2",
            "metadata": {"name": "lister"},
            "spec": {"roles": ["listing"]},
        }
    )
    identity = load_identity_file(await world.cluster.identity("lister"), datetime.now(UTC))
    async with TeleportClient(dial(world.cluster.auth, lambda: identity)) as teleport:
        index = ResourceIndex(teleport, CLUSTER)
        await index.relist()
        found = await index.search("staging", (), everything=True, limit=10)
    assert {(each.kind, each.title) for each in found.items} == RESOURCES

"""The index of the resources that the bot's role shows."""

from collections.abc import AsyncIterator

import grpc
import pytest

from sandbox.cast import CLUSTER
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import database
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import ResourceId
from teleport_client.model.user import Role
from tests.integration.commands.use_cases import UseCases, use_cases
from tests.samples import request
from workspace.directory.candidates.resource_index import ResourceIndex
from workspace.directory.host_names import HostNames


@pytest.fixture
async def cases(slack: SlackStandIn, teleport: TeleportStandIn) -> AsyncIterator[UseCases]:
    async with use_cases(slack, teleport) as ready:
        yield ready


async def role(cases: UseCases, name: str) -> Role:
    return await cases.services.teleport.roles.get(name)


async def found(index: ResourceIndex, typed: str, *roles: Role) -> list[str]:
    matches = await index.search(typed, roles, everything=not roles, limit=100)
    return [f"{each.kind}/{each.title}" for each in matches.items]


async def test_index_has_each_kind_once(cases: UseCases, teleport: TeleportStandIn) -> None:
    """Teleport lists a database once for each agent that serves it."""
    teleport.cluster.resources.append(database("staging-orders", {"tier": "staging"}))
    index = cases.services.resource_index
    await index.relist()
    assert index.available
    assert sorted(await found(index, "staging")) == [
        "app/staging-grafana",
        "db/staging-orders",
        "kube_cluster/staging-cluster",
        "node/staging-db",
        "node/staging-web",
        "windows_desktop/staging-desktop",
    ]


async def test_label_rules_narrow_the_search(cases: UseCases) -> None:
    index = cases.services.resource_index
    await index.relist()
    staging, prod = await role(cases, "staging"), await role(cases, "prod")
    assert await found(index, "orders", staging) == ["db/staging-orders"]
    assert await found(index, "orders", staging, prod) == ["db/prod-orders", "db/staging-orders"]
    assert await found(index, "orders", await role(cases, "reviewer")) == []


async def test_changed_role_narrows_anew(cases: UseCases, teleport: TeleportStandIn) -> None:
    index = cases.services.resource_index
    await index.relist()
    assert await found(index, "prod-db", await role(cases, "staging")) == []
    changed = teleport.cluster.roles["staging"]
    changed.Spec.Allow.NodeLabels.Values["tier"].Values.append("prod")
    assert await found(index, "prod-db", await role(cases, "staging")) == ["node/prod-db"]


async def test_failed_list_keeps_the_previous_one(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    index = cases.services.resource_index
    await index.relist()
    teleport.faults.add("ListUnifiedResources", grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(TeleportError):
        await index.relist()
    orders = index.find(ResourceId("main", "db", "staging-orders"))
    assert orders is not None
    assert index.id_of(orders) == ResourceId("main", "db", "staging-orders")
    assert index.find(ResourceId("leaf", "db", "staging-orders")) is None


async def test_listed_host_is_named_without_a_lookup(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """So a response and a DM name the host that was chosen in a form."""
    index = cases.services.resource_index
    await index.relist()
    names = HostNames(cases.services.teleport, CLUSTER, listed=index.find)
    node = next(each for each in teleport.cluster.nodes if each.Spec.Hostname == "staging-db")
    wanted = request(resources=(ResourceId(CLUSTER, "node", node.Metadata.Name),))
    assert names.of(wanted) == {node.Metadata.Name: "staging-db"}

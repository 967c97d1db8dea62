"""Requests for single resources, typed in Slack."""

import pytest

from sandbox.cast import CLUSTER
from tests.integration.slack_driver import Stage


def host_id(stage: Stage, host_name: str) -> str:
    nodes = stage.teleport.cluster.nodes
    return next(node.Metadata.Name for node in nodes if node.Spec.Hostname == host_name)


async def test_host_is_requested_by_its_name(stage: Stage) -> None:
    """Teleport selects the role, and the card names the host."""
    await stage.type("alice", "/teleport-request to node/staging-db for 1h because redis is stuck")
    await stage.card("staging-db")
    (request,) = stage.requests
    (resource,) = request.Spec.RequestedResourceIDs
    assert (resource.ClusterName, resource.Kind) == (CLUSTER, "node")
    assert resource.Name == host_id(stage, "staging-db")
    assert list(request.Spec.Roles) == ["staging"]


async def test_response_and_dm_name_the_host_as_it_was_typed(stage: Stage) -> None:
    await stage.type("alice", "/teleport-request node/staging-db because redis 1")
    await stage.response("alice", "You requested node/staging-db")
    await stage.dm("alice", "Your request for node/staging-db")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("node/staging-dbb", "You can't request these resources, or they don't exist"),
        ("node/dev-1", "You can't request these resources, or they don't exist"),
        (" ".join(f"node/h{n}" for n in range(21)), "Name up to 20 at a time"),
        (" ".join(f"db/d{n}" for n in range(301)), "Teleport's limit is 300"),
        ("leaf-a/node/db-1", "leaf-a"),
    ],
)
async def test_unknown_resource_gets_a_sentence(stage: Stage, typed: str, answer: str) -> None:
    await stage.type("alice", f"/teleport-request {typed} because x")
    await stage.response("alice", answer)
    assert not stage.requests


async def test_hosts_with_the_same_name_are_told_apart(stage: Stage) -> None:
    twin = type(stage.teleport.cluster.nodes[0])()
    twin.CopyFrom(next(n for n in stage.teleport.cluster.nodes if n.Spec.Hostname == "staging-db"))
    twin.Metadata.Name = "11111111-2222-4333-8444-555555555555"
    stage.teleport.cluster.nodes.append(twin)
    await stage.type("alice", "/teleport-request node/staging-db because x")
    await stage.response("alice", "Several hosts are named staging-db")

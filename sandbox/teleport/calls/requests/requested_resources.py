"""Requests for resources instead of roles. The stand-in has nodes only."""

from sandbox.teleport.errors import (
    AccessDenied,
    BadParameter,
    NotFound,
)
from sandbox.teleport.go_text import quoted
from sandbox.teleport.rules import requestable
from sandbox.teleport.rules.accounts import Account
from sandbox.teleport.rules.node_access import gives_access
from sandbox.teleport.state.cluster import Cluster
from teleport_client._proto.types_pb2 import AccessRequestSpecV3, ResourceID, ServerV2

_MOST = 300
_LONGEST_TEXT = 2048
_CONSTRAINED_KINDS = {"app", "node"}


def check(cluster: Cluster, spec: AccessRequestSpecV3) -> None:
    """Check the number of resources, their clusters, and constraints.

    Raises BadParameter for too many resources, or for constraints on a kind without them. Raises
    NotFound for a resource of another cluster.
    """
    wanted = resources_of(spec)
    if len(wanted) > _MOST:
        raise BadParameter(
            f"access request contains too many resources ({len(wanted)}), max {_MOST}"
        )
    for it in spec.RequestedResourceAccessIDs:
        if it.HasField("constraints") and it.id.Kind not in _CONSTRAINED_KINDS:
            raise BadParameter(
                f"resource kind {quoted(it.id.Kind)} does not support resource constraints"
            )
    foreign = sorted({it.ClusterName for it in wanted} - {cluster.name})
    if foreign:
        raise NotFound(
            f"access request contains invalid or unknown cluster names: {', '.join(foreign)}"
        )


def resources_of(spec: AccessRequestSpecV3) -> list[ResourceID]:
    """Return the resources of both lists. The list with constraints replaces the other one."""
    return [it.id for it in spec.RequestedResourceAccessIDs] or list(spec.RequestedResourceIDs)


def choose_roles(cluster: Cluster, requester: Account, spec: AccessRequestSpecV3) -> None:
    """Drop duplicates. Without roles, choose the roles that give access to a resource.

    Raises BadParameter for too long a list, AccessDenied if no role applies.
    """
    if not resources_of(spec):
        return
    _deduplicate(spec)
    if not spec.Roles:
        spec.Roles.extend(applicable_roles(cluster, requester, resources_of(spec)))


def applicable_roles(
    cluster: Cluster, requester: Account, resources: list[ResourceID]
) -> list[str]:
    """Return the requester's `search_as_roles` that give access to at least one resource."""
    nodes = [node for resource in resources if (node := _node(cluster, resource))]
    candidates = requestable.search_as_roles(requester)
    usable = [
        role.Metadata.Name
        for role in cluster.roles_named(candidates)
        if any(gives_access([role], node) for node in nodes)
    ]
    if not usable:
        raise AccessDenied(
            'Resource Access Requests require usable "search_as_roles", none found for user '
            f"{quoted(requester.name)}"
        )
    return usable


def _node(cluster: Cluster, resource: ResourceID) -> ServerV2 | None:
    if resource.Kind != "node":
        return None
    return next((it for it in cluster.nodes if it.Metadata.Name == resource.Name), None)


def _deduplicate(spec: AccessRequestSpecV3) -> None:
    unique = {_text(resource): resource for resource in spec.RequestedResourceIDs}
    if sum(map(len, unique)) > _LONGEST_TEXT:
        raise BadParameter(
            "access request exceeds maximum length: "
            "try reducing the number of resources in the request"
        )
    kept = list(unique.values())
    del spec.RequestedResourceIDs[:]
    spec.RequestedResourceIDs.extend(kept)


def _text(resource: ResourceID) -> str:
    parts = (resource.ClusterName, resource.Kind, resource.Name, resource.SubResourceName)
    return "".join(f"/{part}" for part in parts if part)

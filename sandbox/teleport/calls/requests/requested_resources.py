"""Requests for resources instead of roles."""

import json
from collections.abc import Iterator

from sandbox.teleport.errors import (
    AccessDenied,
    BadParameter,
    NotFound,
)
from sandbox.teleport.go_text import quoted
from sandbox.teleport.rules import requestable
from sandbox.teleport.rules.accounts import Account
from sandbox.teleport.rules.resource_access import Target, gives_access, target_of
from sandbox.teleport.state.cluster import Cluster
from teleport_client._proto.types_pb2 import AccessRequestSpecV3, ResourceID

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
    """Drop duplicates. Without roles, choose the roles that allow access to a resource.

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
    """Return the requester's `search_as_roles` that allow access to at least one resource.

    For a resource of another cluster, these are all of them. Raises AccessDenied if the requester
    has no such roles, and BadParameter if none of them allows access.
    """
    candidates = requestable.search_as_roles(requester)
    if not candidates:
        raise AccessDenied(
            'Resource Access Requests require usable "search_as_roles", none found for user '
            f"{quoted(requester.name)}"
        )
    if any(it.ClusterName != cluster.name for it in resources):
        return candidates
    targets = list(_targets(cluster, resources))
    roles = cluster.roles_named(candidates)
    usable = [
        it.Metadata.Name for it in roles if any(gives_access([it], target) for target in targets)
    ]
    if not usable:
        raise BadParameter(
            'no roles configured in the "search_as_roles" for this user allow access to any '
            "requested resources. The user may already have access to all requested resources "
            f"with their existing roles. resources: {_list_text(resources)} roles: "
            f'[{" ".join(candidates)}] login: ""'
        )
    return usable


def _targets(cluster: Cluster, resources: list[ResourceID]) -> Iterator[Target]:
    wanted = {(it.Kind, it.Name) for it in resources}
    for target in map(target_of, cluster.listed_resources()):
        if (target.kind, target.name) in wanted:
            yield target


def _list_text(resources: list[ResourceID]) -> str:
    return json.dumps([_text(it) for it in resources], separators=(",", ":"))


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

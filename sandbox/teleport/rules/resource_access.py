"""Access of roles to nodes and other resources, by label.

The stand-in doesn't evaluate label expressions: a role with one selects nothing by it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.teleport.rules.patterns import compile_pattern
from sandbox.teleport.state.resources import plain
from teleport_client._proto.authservice_pb2 import PaginatedResource
from teleport_client._proto.types_pb2 import Metadata, RoleConditions, RoleV6, ServerV2

_ANY = "*"


@dataclass(frozen=True)
class Target:
    """What labels and searches see of a resource."""

    kind: str
    name: str
    """The name in the resource's ID."""
    title: str
    """The host name of a node, or else the name."""
    labels: Mapping[str, str]
    address: str = ""


def target_of(resource: PaginatedResource) -> Target:
    match resource.WhichOneof("resource"):
        case "Node":
            return node_target(resource.Node)
        case "DatabaseServer":
            return _named("db", resource.DatabaseServer.Spec.Database.Metadata)
        case "AppServer":
            return _named("app", resource.AppServer.Spec.App.Metadata)
        case "KubernetesServer":
            return _named("kube_cluster", resource.KubernetesServer.Spec.Cluster.Metadata)
        case "WindowsDesktop":
            return _named("windows_desktop", resource.WindowsDesktop.Header.Metadata)
        case kind:
            raise ValueError(f"the stand-in has no resources of kind {kind}")


def node_target(node: ServerV2) -> Target:
    spec = node.Spec
    return Target("node", node.Metadata.Name, spec.Hostname, node.Metadata.Labels, spec.Addr)


def gives_access(roles: Iterable[RoleV6], target: Target) -> bool:
    """Return whether a role's labels select the resource and no role denies it."""
    held = tuple(roles)
    if any(_selects(_selector(role.Spec.Deny, target), target) for role in held):
        return False
    return any(_selects(_selector(role.Spec.Allow, target), target) for role in held)


def _named(kind: str, metadata: Metadata) -> Target:
    return Target(kind, metadata.Name, metadata.Name, metadata.Labels)


def _selector(conditions: RoleConditions, target: Target) -> Mapping[str, tuple[str, ...]]:
    by_kind = {
        "node": conditions.NodeLabels,
        "db": conditions.DatabaseLabels,
        "app": conditions.AppLabels,
        "kube_cluster": conditions.KubernetesLabels,
        "windows_desktop": conditions.WindowsDesktopLabels,
    }
    return plain(by_kind[target.kind])


def _selects(selector: Mapping[str, tuple[str, ...]], target: Target) -> bool:
    """Return whether each key matches one of its values. An empty selector matches nothing."""
    if selector.get(_ANY) == (_ANY,):
        return True
    labels = target.labels
    return bool(selector) and all(_matches(key, values, labels) for key, values in selector.items())


def _matches(key: str, values: tuple[str, ...], labels: Mapping[str, str]) -> bool:
    if key not in labels:
        return False
    return any(it == _ANY or compile_pattern(it).search(labels[key]) for it in values)

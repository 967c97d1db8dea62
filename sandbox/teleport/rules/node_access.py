"""Access of roles to nodes, by label."""

from collections.abc import Iterable, Mapping

from sandbox.teleport.rules.patterns import compile_pattern
from sandbox.teleport.state.resources import plain
from teleport_client._proto.types_pb2 import RoleV6, ServerV2

_ANY = "*"


def gives_access(roles: Iterable[RoleV6], node: ServerV2) -> bool:
    """Return whether a role's `node_labels` select the node and no role denies it."""
    held = tuple(roles)
    labels = node.Metadata.Labels
    if any(_selects(plain(role.Spec.Deny.NodeLabels), labels) for role in held):
        return False
    return any(_selects(plain(role.Spec.Allow.NodeLabels), labels) for role in held)


def _selects(selector: Mapping[str, tuple[str, ...]], labels: Mapping[str, str]) -> bool:
    """Return whether each key matches one of its values. An empty selector matches nothing."""
    return bool(selector) and all(_matches(key, values, labels) for key, values in selector.items())


def _matches(key: str, values: tuple[str, ...], labels: Mapping[str, str]) -> bool:
    if key == _ANY:
        return _ANY in values
    return key in labels and any(compile_pattern(value).search(labels[key]) for value in values)

"""Users, roles, locks and tokens as text, in the layout of Teleport's own tctl."""

from collections.abc import Sequence

from sandbox.teleport.go_text import go_time
from sandbox.teleport.rules.locks import target_text
from sandbox.teleport.state.resources import plain
from sandbox.teleport.timestamps import given
from sandbox.teleport.tools.administration import Resource
from sandbox.teleport.tools.references import Kind
from sandbox.teleport.tools.tables import table
from teleport_client._proto.types_pb2 import (
    LockV2,
    ProvisionTokenV2,
    RoleConditions,
    RoleV6,
)

_TITLES = {
    Kind.USER: ("User",),
    Kind.ROLE: ("Role", "Allowed to login as", "Node Labels", "Access to resources"),
    Kind.LOCK: ("ID", "Target", "Message", "Expires"),
}
_LONGEST_ACTIONS = 15


def resource_text(kind: Kind, resources: Sequence[Resource]) -> str:
    if kind is Kind.TOKEN:
        return "\n".join(_token(it) for it in resources if isinstance(it, ProvisionTokenV2))
    return table(_TITLES[kind], [_row(it) for it in resources])


def _row(resource: Resource) -> list[str]:
    match resource:
        case RoleV6():
            allow = resource.Spec.Allow
            logins = ",".join(allow.Logins)
            return [resource.Metadata.Name, logins, _labels(allow), _actions(allow)]
        case LockV2():
            end = given(resource.Spec, "Expires")
            expires = f"{end:%d %b %y %H:%M UTC}" if end else "never"
            target = target_text(resource.Spec.Target)
            return [resource.Metadata.Name, target, resource.Spec.Message, expires]
        case _:
            return [resource.Metadata.Name]


def _labels(allow: RoleConditions) -> str:
    labels = plain(allow.NodeLabels)
    if labels == {"*": ("*",)}:
        return "<all nodes>"
    return ",".join(f"{key}=[{' '.join(values)}]" for key, values in sorted(labels.items()))


def _actions(allow: RoleConditions) -> str:
    text = ",".join(
        f"{resource}:{','.join(rule.Verbs)}" for rule in allow.Rules for resource in rule.Resources
    )
    return text if len(text) <= _LONGEST_ACTIONS else f"{text[:_LONGEST_ACTIONS]}..."


def _token(token: ProvisionTokenV2) -> str:
    end = given(token.Metadata, "Expires")
    expires = go_time(end) if end else "never"
    return f"ProvisionToken(Roles=[{','.join(token.Spec.Roles)}], Expires={expires})"

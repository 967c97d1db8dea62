"""Rules: the verbs that roles allow on each kind of resource."""

from collections.abc import Iterable

from sandbox.teleport.errors import AccessDenied
from sandbox.teleport.go_text import quoted
from teleport_client._proto.types_pb2 import RoleConditions, RoleV6

WILDCARD = "*"


def allows(roles: Iterable[RoleV6], resource: str, verb: str) -> bool:
    """Return whether a role allows the verb and no role denies it."""
    held = tuple(roles)
    return not denies(held, resource, verb) and any(
        _covers(role.Spec.Allow, resource, verb) for role in held
    )


def denies(roles: Iterable[RoleV6], resource: str, verb: str) -> bool:
    return any(_covers(role.Spec.Deny, resource, verb) for role in roles)


def require(roles: Iterable[RoleV6], resource: str, *verbs: str) -> None:
    """Raise AccessDenied with all missing verbs."""
    held = tuple(roles)
    missing = [verb for verb in verbs if not allows(held, resource, verb)]
    if missing:
        raise AccessDenied(", ".join(_denial(verb, resource) for verb in missing))


def _denial(verb: str, resource: str) -> str:
    return f"access denied to perform action {quoted(verb)} on {quoted(resource)}"


def _covers(conditions: RoleConditions, resource: str, verb: str) -> bool:
    return any(
        not {resource, WILDCARD}.isdisjoint(rule.Resources)
        and not {verb, WILDCARD}.isdisjoint(rule.Verbs)
        for rule in conditions.Rules
    )

"""Whether a role allows access to a resource, as far as its label rules show.

A role's label selectors name the resources of each kind (`MatchLabelGetter` and `CheckLabelsMatch`
in lib/services/role.go). An empty selector selects nothing, and `{'*': '*'}` everything. Of a
selector and an expression, allow needs both and deny one. Expressions and templates with traits
aren't evaluated here: they count as UNKNOWN, a possible match.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum

from teleport_client.model.resource import Resource
from teleport_client.model.user import Conditions, Role
from teleport_client.rules.role_pattern import UnreadablePattern, matches

_ANY = "*"


class MayAccess(IntEnum):
    """Ordered by certainty."""

    NO = 0
    UNKNOWN = 1
    YES = 2


def may_access(role: Role, resource: Resource) -> MayAccess:
    """Return whether the role alone allows access. Its deny rules override its allow rules."""
    allowed = _allows(role.allow, resource)
    if allowed is MayAccess.NO:
        return MayAccess.NO
    denied = _denies(role.deny, resource)
    if denied is MayAccess.YES:
        return MayAccess.NO
    return MayAccess.UNKNOWN if denied is MayAccess.UNKNOWN else allowed


def search_roles(roles: Iterable[Role]) -> frozenset[str]:
    """Return the names of the roles that can be requested for resources (`search_as_roles`).

    Teleport compares the names literally. A name that is a pattern or a template is returned as it
    is: no role has such a name.
    """
    held = tuple(roles)
    allowed = {name for role in held for name in role.allow.search_as}
    return frozenset(allowed) - {name for role in held for name in role.deny.search_as}


def is_literal(name: str) -> bool:
    """Return whether a name in `search_as_roles` can be the name of a role."""
    return _ANY not in name and "{{" not in name


def _allows(conditions: Conditions, resource: Resource) -> MayAccess:
    selector = conditions.selectors.get(resource.kind)
    if selector is None:
        return MayAccess.NO
    by_labels = _selects(selector.labels, resource.labels) if selector.labels else MayAccess.YES
    return min(by_labels, MayAccess.UNKNOWN) if selector.expression else by_labels


def _denies(conditions: Conditions, resource: Resource) -> MayAccess:
    selector = conditions.selectors.get(resource.kind)
    if selector is None:
        return MayAccess.NO
    by_labels = _selects(selector.labels, resource.labels) if selector.labels else MayAccess.NO
    return max(by_labels, MayAccess.UNKNOWN) if selector.expression else by_labels


def _selects(selector: Mapping[str, tuple[str, ...]], labels: Mapping[str, str]) -> MayAccess:
    if selector.get(_ANY) == (_ANY,):
        return MayAccess.YES
    verdict = MayAccess.YES
    for key, values in selector.items():
        value = labels.get(key)
        one = MayAccess.NO if value is None else _matches_any(values, value)
        if one is MayAccess.NO:
            return MayAccess.NO
        verdict = min(verdict, one)
    return verdict


def _matches_any(patterns: Iterable[str], value: str) -> MayAccess:
    verdict = MayAccess.NO
    for pattern in patterns:
        if pattern in {_ANY, value}:
            return MayAccess.YES
        if "{{" in pattern:
            verdict = MayAccess.UNKNOWN
        elif (_ANY in pattern or pattern.endswith("$")) and _matches(pattern, value):
            return MayAccess.YES
    return verdict


def _matches(pattern: str, value: str) -> bool:
    """Return whether a pattern matches. Teleport fails on an invalid one, so it selects nothing."""
    try:
        return matches(pattern, value)
    except UnreadablePattern:
        return False

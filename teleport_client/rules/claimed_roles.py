"""Roles that a user's traits add to a role's conditions (`claims_to_roles`).

The rules are those of `TraitsToRoleMatchers` in lib/services/traits.go, and of Go's Regexp.Expand:
`$1` and `${1}` stand for a group of the value's pattern, `$1x` for a group named "1x", and a group
that doesn't exist is empty.
"""

import re
from collections.abc import Iterator
from functools import partial
from operator import eq

from teleport_client.model.user import ClaimMapping, Traits
from teleport_client.rules.role_pattern import (
    Expression,
    Matcher,
    UnreadablePattern,
    compile_pattern,
    matcher,
)

_REFERENCE = re.compile(r"\$(?:\$|(?P<bare>\w+)|\{(?P<braced>\w+)\})")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,7}")
_EXPANSION = re.compile(r"\$[^$]")
"""Texts in which Teleport sees a reference (`reExpansion` in lib/utils/replace.go)."""


def claimed_roles(mapping: ClaimMapping, traits: Traits) -> Iterator[Matcher]:
    """Yield the roles that one mapping adds. Raises UnreadablePattern if they aren't certain."""
    for value in traits.get(mapping.claim, ()):
        for role in mapping.roles:
            expanded = _expanded(mapping.value, value, role)
            if not expanded:
                continue
            changed = expanded != role or _EXPANSION.search(role)
            yield partial(eq, expanded) if changed else matcher(role)


def _expanded(pattern: str, value: str, role: str) -> str:
    """Return the role for a value, empty if the pattern doesn't match.

    Teleport expands the groups of a match without regard to case, and then requires a match with
    regard to case. It keeps the text around the match, which isn't done here.
    """
    found = compile_pattern(pattern, ignore_case=True).search(value)
    if found is None or compile_pattern(pattern).search(value) is None:
        return ""
    if found.span() != (0, len(value)):
        raise UnreadablePattern(pattern)
    return _expand(role, found)


def _expand(template: str, found: Expression) -> str:
    def group(reference: re.Match[str]) -> str:
        name = reference["bare"] or reference["braced"]
        if name is None:
            return "$"
        if not name.isascii():
            raise UnreadablePattern(template)
        if _NUMBER.fullmatch(name):
            return (found[int(name)] or "") if int(name) <= found.re.groups else ""
        return (found[name] or "") if name in found.re.groupindex else ""

    return _REFERENCE.sub(group, template)

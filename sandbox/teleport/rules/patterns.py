"""Role names in roles: literal, as a glob, or as a regular expression.

The rules are those of Teleport's lib/utils/parse and lib/utils/replace.go. Teleport's regular
expressions are RE2.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import re2

from sandbox.teleport.errors import BadParameter
from sandbox.teleport.go_text import quoted
from teleport_client._proto.types_pb2 import ClaimMapping

Matcher: TypeAlias = Callable[[str], bool]
Expression: TypeAlias = Any
"""A compiled expression. The re2 package has no types."""

_TEMPLATE = re.compile(
    r"""(?P<before>[^{}]*)\{\{\s*regexp\.(?P<function>match|not_match)
        \(\s*(?:"(?P<quoted>(?:[^"\\{}\n]|\\["\\])*)"|`(?P<raw>[^`{}]*)`)\s*\)\s*\}\}
        (?P<after>[^{}]*)""",
    re.VERBOSE,
)
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_GO_REFERENCE = re.compile(r"\$(?:\$|(?P<bare>\w+)|\{(?P<braced>\w+)\})", re.ASCII)
_EXPANSION = re.compile(r"\$[^$]")
"""What counts as a reference left in a role (ContainsExpansion in lib/utils/replace.go)."""


def matcher(pattern: str) -> Matcher:
    """Return a test for role names.

    Raises BadParameter for a template other than `regexp.match` and `regexp.not_match`, and for an
    invalid RE2 expression.
    """
    if "{{" in pattern or "}}" in pattern:
        return _template(pattern)
    expression = compile_pattern(pattern)
    return lambda text: expression.search(text) is not None


def compile_pattern(pattern: str, flags: str = "") -> Expression:
    """Compile a regular expression between `^` and `$`, or else an anchored glob."""
    if pattern.startswith("^") and pattern.endswith("$"):
        return _re2(flags + pattern)
    return _re2(f"{flags}^{'(.*)'.join(map(re2.escape, pattern.split('*')))}$")


def claimed(
    mappings: Iterable[ClaimMapping], traits: Mapping[str, Iterable[str]]
) -> tuple[Matcher, ...]:
    """Return the roles that `claims_to_roles` adds for a user's traits."""
    return tuple(
        found
        for mapping in mappings
        for value in traits.get(mapping.Claim, ())
        for found in _claimed_by(mapping, value)
    )


def _claimed_by(mapping: ClaimMapping, value: str) -> list[Matcher]:
    try:
        match = compile_pattern(mapping.Value, "(?i)").search(value)
        exact = compile_pattern(mapping.Value).search(value)
    except BadParameter:
        return []  # Teleport skips a mapping that it can't compile and continues.
    if match is None or exact is None:
        return []  # The roles come from the match in any case, if the case is right, too.
    expanded = ((role, _expand(role, match)) for role in mapping.Roles)
    return [_claimed_role(role, text) for role, text in expanded if text]


def _claimed_role(role: str, expanded: str) -> Matcher:
    if expanded == role and not _EXPANSION.search(role):
        return matcher(role)
    return lambda text: text == expanded


def _expand(role: str, match: Any) -> str:
    """Expand like Go's Regexp.Expand: `$1x` is the group "1x", a missing group is empty."""

    def group(reference: re.Match[str]) -> str:
        name = reference["bare"] or reference["braced"]
        if name is None:
            return "$"
        known = int(name) <= match.re.groups if name.isdigit() else name in match.re.groupindex
        if not known:
            return ""
        return match[int(name) if name.isdigit() else name] or ""

    return _GO_REFERENCE.sub(group, role)


def _template(pattern: str) -> Matcher:
    parts = _TEMPLATE.fullmatch(pattern)
    if parts is None:
        raise BadParameter(f"{quoted(pattern)} is not a valid matcher expression")
    before, after = parts["before"], parts["after"]
    raw = parts["raw"]
    expression = _re2(raw if raw is not None else re.sub(r"\\(.)", r"\1", parts["quoted"]))
    wanted = parts["function"] == "match"

    def matches(text: str) -> bool:
        if not (text.startswith(before) and text.endswith(after)):
            return False
        inner = text.removeprefix(before).removesuffix(after)
        return (expression.search(inner) is not None) is wanted

    return matches


def _re2(expression: str) -> Expression:
    try:
        return re2.compile(expression, _OPTIONS)
    except re2.error as error:
        raise BadParameter(f"failed parsing regexp {quoted(expression)}: {error}") from error

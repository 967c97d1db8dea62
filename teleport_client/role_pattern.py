"""Patterns by which roles name other roles (lib/utils/parse/parse.go, lib/utils/replace.go).

`^...$` is a regular expression, searched for. In anything else `*` stands for any text and the rest
is literal. `{{regexp.match("...")}}` and `{{regexp.not_match("...")}}` may stand within literal
text; other templates are an error to Teleport.
"""

import re
from functools import lru_cache

_TEMPLATE = re.compile(
    r"""^(?P<before>[^{}]*)\{\{\s*regexp\.(?P<verb>match|not_match)\(\s*"(?P<pattern>.*)"\s*\)\s*\}\}
        (?P<after>[^{}]*)$""",
    re.VERBOSE,
)


class UnreadablePattern(ValueError):
    """A pattern that Teleport understands and we do not, or that nobody does."""


def matches(pattern: str, role: str) -> bool:
    """Whether `pattern` names `role`. Raises UnreadablePattern."""
    negated, expression, before, after = _parse(pattern)
    if not (role.startswith(before) and role.endswith(after)):
        return False
    if len(role) < len(before) + len(after):
        return False
    inner = role[len(before) : len(role) - len(after)]
    return (expression.search(inner) is None) is negated


@lru_cache(maxsize=1024)
def _parse(pattern: str) -> tuple[bool, re.Pattern[str], str, str]:
    if "{{" in pattern or "}}" in pattern:
        found = _TEMPLATE.match(pattern)
        if found is None:
            raise UnreadablePattern(pattern)
        inner = found["pattern"].replace('\\"', '"').replace("\\\\", "\\")
        return found["verb"] == "not_match", _compile(inner), found["before"], found["after"]
    return False, _text(pattern), "", ""


def _text(pattern: str) -> re.Pattern[str]:
    if pattern.startswith("^") and pattern.endswith("$"):
        return _compile(pattern)
    return _compile("\\A" + ".*".join(map(re.escape, pattern.split("*"))) + "\\Z")


def _compile(expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression, re.DOTALL | re.ASCII)
    except re.error as error:
        raise UnreadablePattern(expression) from error

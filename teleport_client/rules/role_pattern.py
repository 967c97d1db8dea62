r"""Patterns in roles that match names of other roles, with Teleport's semantics.

`^...$` is a regular expression. In any other pattern `*` matches any text on one line, and the rest
is literal (lib/utils/replace.go). `{{regexp.match("...")}}` and `{{regexp.not_match("...")}}` can
have literal text around them; other templates are an error (lib/utils/parse/parse.go).

The expressions are Go's, which are RE2's: `[[:alpha:]]` is a class, `\Z` is an error, and matching
takes linear time for every pattern.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import re2

_TEMPLATE = re.compile(
    r"""(?P<before>[^{}]*)
        \{\{\s*regexp\.(?P<verb>match|not_match)\(\s*
            (?:"(?P<quoted>(?:[^"\\{}\n]|\\["\\])*)"|`(?P<raw>[^`{}\r]*)`)
        \s*\)\s*\}\}
        (?P<after>[^{}]*)""",
    re.VERBOSE,
)
"""The argument is one of Go's string literals; of their escapes `\\\\` and `\\"` are read here."""
_ONLY_IN_CPP = r"\C"
"""Matches one byte; the only construct of the C++ library that Go rejects (regexp/syntax)."""

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False

Matcher: TypeAlias = Callable[[str], bool]


class UnreadablePattern(ValueError):
    """A pattern that Teleport rejects, or that can't be read here as Teleport reads it."""


def matches(pattern: str, role: str) -> bool:
    """Return whether `pattern` names `role`. Raises UnreadablePattern."""
    return _matcher(pattern)(role)


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> Matcher:
    if "{{" in pattern or "}}" in pattern:
        return _template(pattern)
    if pattern.startswith("^") and pattern.endswith("$"):
        return _expression(pattern)
    return _expression(f"^{'(.*)'.join(map(re2.escape, pattern.split('*')))}$")


def _template(pattern: str) -> Matcher:
    found = _TEMPLATE.fullmatch(pattern)
    if found is None:
        raise UnreadablePattern(pattern)
    before, after, raw = found["before"], found["after"], found["raw"]
    named = _expression(raw if raw is not None else re.sub(r"\\(.)", r"\1", found["quoted"]))
    wanted = found["verb"] == "match"

    def matcher(role: str) -> bool:
        if not (role.startswith(before) and role.endswith(after)):
            return False
        return named(role.removeprefix(before).removesuffix(after)) is wanted

    return matcher


def _expression(expression: str) -> Matcher:
    if _ONLY_IN_CPP in expression:
        raise UnreadablePattern(expression)
    try:
        compiled = re2.compile(expression, _OPTIONS)
    except (re2.error, UnicodeEncodeError) as error:
        raise UnreadablePattern(expression) from error
    return lambda role: compiled.search(role) is not None

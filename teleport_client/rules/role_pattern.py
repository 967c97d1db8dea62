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
from typing import Any, TypeAlias

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
Expression: TypeAlias = Any
"""A compiled expression. The re2 package has no types."""


class UnreadablePattern(ValueError):
    """A pattern that Teleport rejects, or that can't be read here as Teleport reads it."""


def matches(pattern: str, role: str) -> bool:
    """Return whether `pattern` names `role`. Raises UnreadablePattern."""
    return matcher(pattern)(role)


@lru_cache(maxsize=1024)
def matcher(pattern: str) -> Matcher:
    """Return a test for names of roles. Raises UnreadablePattern."""
    if "{{" in pattern or "}}" in pattern:
        return _template(pattern)
    return _searcher(compile_pattern(pattern))


def pattern_matcher(pattern: str) -> Matcher:
    """Return a test for any texts; the pattern has no templates. Raises UnreadablePattern."""
    return _searcher(compile_pattern(pattern))


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str, *, ignore_case: bool = False) -> Expression:
    """Compile a pattern without templates; each star is a group. Raises UnreadablePattern."""
    expression = pattern
    if not (pattern.startswith("^") and pattern.endswith("$")):
        expression = f"^{'(.*)'.join(map(re2.escape, pattern.split('*')))}$"
    return _compile(f"(?i){expression}" if ignore_case else expression)


def _template(pattern: str) -> Matcher:
    found = _TEMPLATE.fullmatch(pattern)
    if found is None:
        raise UnreadablePattern(pattern)
    before, after, raw = found["before"], found["after"], found["raw"]
    argument = raw if raw is not None else re.sub(r"\\(.)", r"\1", found["quoted"])
    named = _searcher(_compile(argument))
    wanted = found["verb"] == "match"

    def is_named(role: str) -> bool:
        if not (role.startswith(before) and role.endswith(after)):
            return False
        return named(role.removeprefix(before).removesuffix(after)) is wanted

    return is_named


def _searcher(expression: Expression) -> Matcher:
    return lambda text: expression.search(text) is not None


def _compile(expression: str) -> Expression:
    if _ONLY_IN_CPP in expression:
        raise UnreadablePattern(expression)
    try:
        return re2.compile(expression, _OPTIONS)
    except (re2.error, UnicodeEncodeError) as error:
        raise UnreadablePattern(expression) from error

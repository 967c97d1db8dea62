"""Predicates in `review_requests.where`: conditions about the reviewer and the request.

`newReviewPermissionParser` in lib/services/access_request.go defines the language: the variables
and functions below, `&&`, `||` and `!`, and `==` and `!=` for texts and numbers. The evaluation
follows lib/utils/typical/parser.go. It checks types first, accepts a text as a list with one item,
finds no values for a missing key, and skips operands that can't change the result.
"""

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from teleport_client.rules.predicate_syntax import (
    Call,
    Chain,
    Equality,
    Item,
    Node,
    Not,
    Number,
    Text,
    UnreadablePredicate,
    Variable,
    parse,
)
from teleport_client.rules.role_pattern import UnreadablePattern, pattern_matcher

Strings: TypeAlias = tuple[str, ...]
Facts: TypeAlias = Mapping[str, str | Strings | Mapping[str, Strings] | None]
"""Values of the variables, None for a value that the bot doesn't know."""


class _Type(Enum):
    BOOLEAN = "boolean"
    TEXT = "text"
    NUMBER = "number"
    LIST = "list"
    MAP = "map"


_VARIABLES = {
    "reviewer.roles": _Type.LIST,
    "reviewer.traits": _Type.MAP,
    "request.roles": _Type.LIST,
    "request.reason": _Type.TEXT,
    "request.system_annotations": _Type.MAP,
}
_COMPARABLE = ({_Type.TEXT}, {_Type.NUMBER})
"""Types that `==` and `!=` accept, the same on both sides."""
_STRINGS_AND_TEXT = ((_Type.TEXT, _Type.TEXT), (_Type.LIST, _Type.TEXT))
_PARAMETERS = {
    "equals": ((_Type.TEXT, _Type.TEXT), (_Type.LIST, _Type.LIST)),
    "contains": _STRINGS_AND_TEXT,
    "regexp.match": _STRINGS_AND_TEXT,
}
_ALWAYS = frozenset({"", "true"})


class _Unevaluable(ValueError):
    """Teleport's evaluation fails, or the bot can't evaluate an operand as Teleport does."""


def holds(predicate: str, facts: Facts) -> bool | None:
    """Return whether the predicate holds, None if only Teleport can evaluate it or rejects it."""
    if predicate in _ALWAYS:
        return True
    try:
        return _evaluate(_checked(predicate), facts)
    except (UnreadablePredicate, _Unevaluable):
        return None


def variables(predicate: str) -> frozenset[str]:
    """Return the variables on which the result can depend."""
    if predicate in _ALWAYS:
        return frozenset()
    try:
        return _used(_checked(predicate))
    except UnreadablePredicate:
        return frozenset()


@lru_cache(maxsize=1024)
def _checked(predicate: str) -> Node:
    """Parse a predicate and check its types. Raises UnreadablePredicate."""
    node = parse(predicate)
    if _type(node) is not _Type.BOOLEAN:
        raise UnreadablePredicate(predicate)
    return node


def _type(node: Node) -> _Type:
    match node:
        case Text():
            return _Type.TEXT
        case Number():
            return _Type.NUMBER
        case Variable(name) if name in _VARIABLES:
            return _VARIABLES[name]
        case Item(variable) if _type(variable) is _Type.MAP:
            return _Type.LIST
    if _is_boolean(node):
        return _Type.BOOLEAN
    raise UnreadablePredicate(repr(node))


def _is_boolean(node: Node) -> bool:
    match node:
        case Not(operand):
            return _type(operand) is _Type.BOOLEAN
        case Chain(operands):
            return all(_type(each) is _Type.BOOLEAN for each in operands)
        case Equality(left, right):
            return {_type(left), _type(right)} in _COMPARABLE
        case Call(function, (first, second)):
            return (_type(first), _type(second)) in _PARAMETERS.get(function, ())
    return False


def _used(node: Node) -> frozenset[str]:
    match node:
        case Variable(name) | Item(Variable(name)):
            return frozenset({name})
        case Not(operand):
            return _used(operand)
        case Chain(parts) | Call(_, parts):
            return frozenset[str]().union(*map(_used, parts))
        case Equality(left, right):
            return _used(left) | _used(right)
    return frozenset()


def _evaluate(node: Node, facts: Facts) -> bool | None:
    match node:
        case Not(operand):
            value = _evaluate(operand, facts)
            return None if value is None else not value
        case Chain(operands, every):
            return _evaluate_chain(operands, facts, last=not every)
        case Equality(left, right, equal):
            return _same(_value(left, facts), _value(right, facts), equal=equal)
        case Call(function, (first, second)):
            return _call(function, _value(first, facts), _value(second, facts))
    raise _Unevaluable(repr(node))


def _evaluate_chain(operands: tuple[Node, ...], facts: Facts, *, last: bool) -> bool | None:
    """Evaluate up to the first operand with the value `last`, which settles the result."""
    result: bool | None = not last
    for operand in operands:
        value = _evaluate(operand, facts)
        if value is last:
            return last
        if value is None:
            result = None
    return result


def _value(node: Node, facts: Facts) -> str | int | Strings | None:
    match node:
        case Text(text):
            return text
        case Number(number):
            return number
        case Variable(name) if not isinstance(found := facts.get(name), Mapping):
            return found
        case Item(Variable(name), key):
            values = facts.get(name)
            return values.get(key, ()) if isinstance(values, Mapping) else None
    raise _Unevaluable(repr(node))


def _same(
    left: str | int | Strings | None, right: str | int | Strings | None, *, equal: bool
) -> bool | None:
    return None if left is None or right is None else (left == right) is equal


def _call(
    function: str, first: str | int | Strings | None, second: str | int | Strings | None
) -> bool | None:
    if function == "equals":
        return _same(first, second, equal=True)
    if first is None or second is None:
        return None
    values = (first,) if isinstance(first, str) else first
    if not isinstance(values, tuple) or not isinstance(second, str):
        raise _Unevaluable(function)
    return second in values if function == "contains" else _matches_any(second, values)


def _matches_any(pattern: str, values: Strings) -> bool:
    """Return whether a value matches. Unlike the names in roles, the pattern has no templates.

    lib/utils/replace.go has the rules.
    """
    try:
        return any(map(pattern_matcher(pattern), values))
    except UnreadablePattern as error:
        raise _Unevaluable(pattern) from error

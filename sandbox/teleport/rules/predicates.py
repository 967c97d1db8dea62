"""Expressions in a review rule's `where` and a threshold's `filter`.

    or       = and { "||" and }
    and      = equality { "&&" equality }
    equality = unary [ ("==" | "!=") unary ]
    unary    = "!" unary | operand
    operand  = "(" or ")" | text | number | call | variable [ "[" text "]" ]

Functions are `equals`, `contains` and `regexp.match`; a text is also a list of one.
Any other syntax is an error, and so is a result that isn't a boolean.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.teleport.errors import BadParameter
from sandbox.teleport.go_text import quoted
from sandbox.teleport.rules.patterns import matcher

Strings = tuple[str, ...]
Value = str | int | bool | Strings | Mapping[str, Strings]
Variables = Mapping[str, Value]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`)
      | (?P<number>\d+)
      | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<sign>&&|\|\||==|!=|[!()\[\],])
    )""",
    re.VERBOSE,
)


def holds(expression: str, variables: Variables) -> bool:
    """Evaluate an expression; an empty one is true. Raises BadParameter."""
    if not expression.strip():
        return True
    return _Reader(expression, _tokens(expression), variables).truth()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


_END = _Token("end", "end of expression")


def _tokens(expression: str) -> list[_Token]:
    tokens: list[_Token] = []
    rest = expression.rstrip()
    position = 0
    while position < len(rest):
        match = _TOKEN.match(rest, position)
        if match is None or match.lastgroup is None:
            raise BadParameter(f"failed to parse predicate {quoted(expression)}")
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Reader:
    """Parses and evaluates in one pass: operands are known and have no effects."""

    def __init__(self, expression: str, tokens: list[_Token], variables: Variables) -> None:
        self._expression = expression
        self._tokens = tokens
        self._variables = variables

    def truth(self) -> bool:
        """Return the value of the whole expression."""
        value = self._either()
        if self._tokens:
            raise self._unexpected(self._tokens[0])
        return _boolean(value)

    def _either(self) -> Value:
        value = self._both()
        while self._accept("||"):
            right = self._both()
            value = _boolean(value) | _boolean(right)
        return value

    def _both(self) -> Value:
        value = self._equality()
        while self._accept("&&"):
            right = self._equality()
            value = _boolean(value) & _boolean(right)
        return value

    def _equality(self) -> Value:
        left = self._unary()
        if self._accept("=="):
            return _same(left, self._unary())
        if self._accept("!="):
            return not _same(left, self._unary())
        return left

    def _unary(self) -> Value:
        if self._accept("!"):
            return not _boolean(self._unary())
        return self._operand()

    def _operand(self) -> Value:
        token = self._next()
        match token.kind:
            case "text":
                return _unquote(token.text)
            case "number":
                return int(token.text)
            case "name":
                return self._named(token.text)
        if token.text != "(":
            raise self._unexpected(token)
        value = self._either()
        self._expect(")")
        return value

    def _named(self, name: str) -> Value:
        if self._accept("("):
            return self._call(name)
        if name not in self._variables:
            raise BadParameter(f"unknown variable {quoted(name)} in {quoted(self._expression)}")
        value = self._variables[name]
        if not self._accept("["):
            return value
        key = self._next()
        self._expect("]")
        if key.kind != "text" or not isinstance(value, Mapping):
            raise self._unexpected(key)
        return value.get(_unquote(key.text), ())

    def _call(self, name: str) -> bool:
        if name not in _FUNCTIONS:
            raise BadParameter(f"unsupported function {quoted(name)}")
        arguments: list[Value] = []
        while not self._accept(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._either())
        return _FUNCTIONS[name](arguments)

    def _accept(self, sign: str) -> bool:
        if not self._tokens or self._tokens[0] != _Token("sign", sign):
            return False
        del self._tokens[0]
        return True

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise self._unexpected(self._tokens[0] if self._tokens else _END)

    def _next(self) -> _Token:
        return self._tokens.pop(0) if self._tokens else _END

    def _unexpected(self, token: _Token) -> BadParameter:
        return BadParameter(f"unexpected {token.text} in predicate {quoted(self._expression)}")


def _unquote(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _boolean(value: Value) -> bool:
    if not isinstance(value, bool):
        raise BadParameter(f"expected a boolean, got {_kind(value)}")
    return value


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise BadParameter(f"expected a string, got {_kind(value)}")
    return value


def _list(value: Value) -> Strings:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, tuple):
        raise BadParameter(f"expected a list of strings, got {_kind(value)}")
    return value


def _same(left: Value, right: Value) -> bool:
    """Compare with `==`, which supports strings and integers only."""
    for kind in (str, int):
        if type(left) is kind and type(right) is kind:
            return left == right
    raise BadParameter(f"cannot compare {_kind(left)} with {_kind(right)}")


def _equals(arguments: Sequence[Value]) -> bool:
    left, right = _two("equals", arguments)
    both_text = isinstance(left, str) and isinstance(right, str)
    both_lists = isinstance(left, tuple) and isinstance(right, tuple)
    if not (both_text or both_lists):
        raise BadParameter(f"cannot compare {_kind(left)} with {_kind(right)}")
    return left == right


def _contains(arguments: Sequence[Value]) -> bool:
    values, wanted = _two("contains", arguments)
    return _text(wanted) in _list(values)


def _regexp_match(arguments: Sequence[Value]) -> bool:
    values, pattern = _two("regexp.match", arguments)
    return any(map(matcher(_text(pattern)), _list(values)))


def _two(function: str, arguments: Sequence[Value]) -> tuple[Value, Value]:
    match arguments:
        case [first, second]:
            return first, second
        case _:
            raise BadParameter(f"{function} takes two arguments, got {len(arguments)}")


def _kind(value: Value) -> str:
    names = {str: "a string", int: "an integer", bool: "a boolean", tuple: "a list of strings"}
    return names.get(type(value), "a map")


_FUNCTIONS: Mapping[str, Callable[[Sequence[Value]], bool]] = {
    "equals": _equals,
    "contains": _contains,
    "regexp.match": _regexp_match,
}

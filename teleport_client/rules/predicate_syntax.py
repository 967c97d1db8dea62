r"""The syntax of predicates in `review_requests.where`.

    or       = and { "||" and }
    and      = equality { "&&" equality }
    equality = unary [ ("==" | "!=") unary ]
    unary    = "!" unary | "(" or ")" | text | number | call | variable [ "[" text "]" ]

Teleport reads predicates with Go's parser of expressions (lib/utils/typical/parser.go). This is the
part of its syntax that predicates need: a predicate with other syntax, such as a comment, is
unreadable here even if Teleport accepts it. As in Go, no line starts with an operator.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

_LONGEST, _DEEPEST = 10_000, 50
"""Characters of a predicate, and levels of its parentheses and calls."""
_TOKEN = re.compile(
    r"""[ \t\r]*(?:
        (?P<line>\n)
      | (?P<text>"(?:[^"\\\n]|\\["\\])*"|`[^`\r]*`)
      | (?P<number>(?:0|[1-9][0-9]{0,17})(?!\w))
      | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<sign>&&|\|\||==|!=|[!()\[\],])
    )""",
    re.VERBOSE | re.ASCII,
)
_NOT_IN_GO = frozenset({"\0", "\ufeff"})
"""Characters that Go rejects anywhere in an expression."""
_OPERAND_ENDS = frozenset({")", "]"})


class UnreadablePredicate(ValueError):
    """A predicate that Teleport rejects, or that can't be read here as Teleport reads it."""


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Number:
    value: int


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """The values of one key of a map."""

    map: Variable
    key: str


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands of `&&`, or else of `||`."""

    operands: tuple["Node", ...]
    all: bool


@dataclass(frozen=True, slots=True)
class Equality:
    left: "Node"
    right: "Node"
    equal: bool
    """False for `!=`."""


Node: TypeAlias = Text | Number | Variable | Item | Call | Not | Chain | Equality


def parse(predicate: str) -> Node:
    """Raises UnreadablePredicate."""
    if len(predicate) > _LONGEST or not _NOT_IN_GO.isdisjoint(predicate):
        raise UnreadablePredicate(predicate[:_LONGEST])
    return _Parser(predicate).parse()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str

    @property
    def ends_operand(self) -> bool:
        return self.kind != "sign" or self.text in _OPERAND_ENDS


_END = _Token("end", "")


class _Parser:
    def __init__(self, predicate: str) -> None:
        self._predicate = predicate
        self._tokens = list(_tokens(predicate))
        self._next = 0
        self._depth = 0

    def parse(self) -> Node:
        found = self._or()
        if self._peek() is not _END:
            raise self._error()
        return found

    def _or(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error()
        operands = [self._and()]
        while self._accept("||"):
            operands.append(self._and())
        self._depth -= 1
        return operands[0] if len(operands) == 1 else Chain(tuple(operands), all=False)

    def _and(self) -> Node:
        operands = [self._equality()]
        while self._accept("&&"):
            operands.append(self._equality())
        return operands[0] if len(operands) == 1 else Chain(tuple(operands), all=True)

    def _equality(self) -> Node:
        left = self._unary()
        for sign in ("==", "!="):
            if self._accept(sign):
                return Equality(left, self._unary(), equal=sign == "==")
        return left

    def _unary(self) -> Node:
        negations = 0
        while self._accept("!"):
            negations += 1
        operand = self._operand()
        if not negations:
            return operand
        return Not(operand) if negations % 2 else Not(Not(operand))

    def _operand(self) -> Node:
        token = self._take()
        match token.kind:
            case "text":
                return Text(_value(token.text))
            case "number":
                return Number(int(token.text))
            case "name":
                return self._named(token.text)
        if token.text != "(":
            raise self._error()
        found = self._or()
        self._expect(")")
        return found

    def _named(self, name: str) -> Node:
        if self._accept("("):
            return Call(name, tuple(self._arguments()))
        if not self._accept("["):
            return Variable(name)
        key = self._take()
        if key.kind != "text":
            raise self._error()
        self._expect("]")
        return Item(Variable(name), _value(key.text))

    def _arguments(self) -> Iterator[Node]:
        if self._accept(")"):
            return
        yield self._or()
        while not self._accept(")"):
            self._expect(",")
            yield self._or()

    def _peek(self) -> _Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else _END

    def _take(self) -> _Token:
        token = self._peek()
        self._next += 1
        return token

    def _accept(self, sign: str) -> bool:
        if self._peek() != _Token("sign", sign):
            return False
        self._next += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise self._error()

    def _error(self) -> UnreadablePredicate:
        return UnreadablePredicate(self._predicate)


def _tokens(predicate: str) -> Iterator[_Token]:
    """Yield the tokens. Go ends an expression at a line break after an operand."""
    rest = predicate.rstrip(" \t\r\n")
    last, position = _Token("sign", "("), 0
    while position < len(rest):
        match = _TOKEN.match(rest, position)
        if match is None or match.lastgroup is None:
            raise UnreadablePredicate(predicate)
        position = match.end()
        if match.lastgroup != "line":
            last = _Token(match.lastgroup, match[match.lastgroup])
            yield last
        elif last.ends_operand:
            raise UnreadablePredicate(predicate)


def _value(literal: str) -> str:
    """Return the text of a Go string literal; of their escapes, tokens have these two only."""
    inner = literal[1:-1]
    return inner if literal.startswith("`") else re.sub(r"\\(.)", r"\1", inner)

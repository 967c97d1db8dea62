"""Shapes for checking JSON, with error messages in Slack's words.

A shape yields a problem for each invalid value below a JSON pointer. The other modules of this
package declare shapes as data.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.slack.wire import JsonObject


@dataclass(frozen=True)
class Problem:
    """One value that Slack rejects, and its position."""

    sentence: str
    pointer: str
    key: str = ""
    """Key below the pointer that the problem is about."""

    @property
    def path(self) -> str:
        """JSON pointer to the invalid key."""
        return f"{self.pointer}/{self.key}" if self.key else self.pointer

    def __str__(self) -> str:
        return f"{self.sentence} [json-pointer:{self.pointer}]"


class Shape(Protocol):
    def problems(self, value: Any, at: str) -> Iterator[Problem]: ...


Rule = Callable[[JsonObject, str], Iterator[Problem]]
"""Condition on several fields of an object."""


@dataclass(frozen=True)
class String:
    """A string with a length limit and an optional pattern."""

    most: int
    least: int = 0
    form: str | None = None

    def problems(self, value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem("must provide a string", at)
        elif len(value) > self.most:
            yield Problem(f"must be less than {self.most + 1} characters", at)
        elif len(value) < self.least:
            yield Problem(f"must be more than {self.least - 1} characters", at)
        elif self.form and not re.fullmatch(self.form, value, re.DOTALL):
            yield Problem("value does not match the expected format", at)


@dataclass(frozen=True)
class Choice:
    """One of a few fixed strings."""

    choices: tuple[str, ...]

    def problems(self, value: Any, at: str) -> Iterator[Problem]:
        if value not in self.choices:
            yield Problem(f"value must be one of: {', '.join(self.choices)}", at)


@dataclass(frozen=True)
class Flag:
    def problems(self, value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, bool):
            yield Problem("must provide a boolean", at)


@dataclass(frozen=True)
class Number:
    """A whole number within bounds."""

    least: int = 0
    most: int = 2**53

    def problems(self, value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield Problem("must provide a number", at)
        elif value > self.most:
            yield Problem(f"must be less than {self.most + 1}", at)
        elif value < self.least:
            yield Problem(f"must be more than {self.least - 1}", at)


@dataclass(frozen=True)
class Items:
    """A list of things of one shape."""

    shape: Shape
    most: int
    least: int = 1
    distinct: bool = False

    def problems(self, value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem("must provide an array", at)
            return
        if len(value) > self.most:
            yield Problem(f"no more than {self.most} items allowed", at)
        if len(value) < self.least:
            yield Problem(f"must provide at least {self.least} items", at)
        for index, item in enumerate(value):
            yield from self.shape.problems(item, f"{at}/{index}")
            if self.distinct and item in value[:index]:
                yield Problem("must be unique", f"{at}/{index}")


@dataclass(frozen=True)
class Object:
    """An object with known fields. Its rules apply if all fields are valid."""

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    def problems(self, value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem("must provide an object", at)
            return
        found = [*self._missing(value, at), *self._problems_of_fields(value, at)]
        yield from found
        if not found:
            for rule in self.rules:
                yield from rule(value, at)

    def _missing(self, value: JsonObject, at: str) -> Iterator[Problem]:
        for name in self.required:
            if value.get(name) is None:
                yield Problem(f"missing required field: {name}", at, name)

    def _problems_of_fields(self, value: JsonObject, at: str) -> Iterator[Problem]:
        for name, part in value.items():
            shape = self.fields.get(name)
            if shape is None:
                yield Problem(f"invalid additional property: {name}", at, str(name))
            elif part is not None:
                yield from shape.problems(part, f"{at}/{name}")


@dataclass(frozen=True)
class AnyObject:
    """An object whose fields aren't checked."""

    def problems(self, value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem("must provide an object", at)


@dataclass(frozen=True)
class Typed:
    """An object whose `type` selects one of several shapes."""

    kinds: Mapping[str, Shape] = field(default_factory=dict)

    def problems(self, value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem("must provide an object", at)
        elif "type" not in value:
            yield Problem("missing required field: type", at)
        elif (shape := self.kinds.get(str(value["type"]))) is None:
            yield Problem(f"unsupported type: {value['type']}", f"{at}/type")
        else:
            yield from shape.problems(value, at)


def either(first: str, second: str) -> Rule:
    """Return the rule that one of two fields is required."""

    def rule(value: JsonObject, at: str) -> Iterator[Problem]:
        if value.get(first) is None and value.get(second) is None:
            yield Problem(f"must define either `{first}` or `{second}`", at)

    return rule


def not_both(first: str, second: str) -> Rule:
    """Return the rule that two fields exclude each other."""

    def rule(value: JsonObject, at: str) -> Iterator[Problem]:
        if value.get(first) is not None and value.get(second) is not None:
            yield Problem(f"cannot define both `{first}` and `{second}`", at)

    return rule

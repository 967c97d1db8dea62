"""Compare Slack's responses with the stand-in's by their shape.

The shape of a response is the path of each value with its kind. IDs, timestamps and addresses are
kinds, because their values differ in every workspace. A text that repeats the call's text counts as
unchanged, so a text that Slack rewrites is a difference.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.real_slack.recording import Answer

_ABSENT = "nothing"
_INDEX = re.compile(r"\[\d+\]")
_KINDS = {
    "a timestamp": re.compile(r"\d{10}\.\d{6}"),
    "an address": re.compile(r"(https?|wss?)://\S+"),
}
_ID = re.compile(r"([ABCDEGTUVW])[0-9A-Z]{7,}")

Shape: TypeAlias = dict[str, str]
"""Kind of value by path."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which responses to the same method differ."""

    method: str
    path: str
    slack: str
    stand_in: str
    steps: tuple[str, ...]
    """Steps with this difference."""

    def __str__(self) -> str:
        more = f" and {len(self.steps) - 1} more" if len(self.steps) > 1 else ""
        return (
            f"{self.method}: {self.path}: Slack has {self.slack}, the stand-in {self.stand_in}"
            f" ({self.steps[0]}{more})"
        )


def differences(slack: Iterable[Answer], stand_in: Iterable[Answer]) -> list[Difference]:
    """Return the differences of two runs, with equal differences in one item.

    A call that only one run made is omitted, because the run with the failed call reports it.
    """
    reference = _by_call(stand_in)
    steps: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for call, answer in _by_call(slack).items():
        if call in reference:
            for path, theirs, ours in _differing(shape(answer), shape(reference[call])):
                steps[answer.method, _INDEX.sub("[]", path), theirs, ours].append(answer.step)
    return [
        Difference(*kind, steps=tuple(dict.fromkeys(found)))
        for kind, found in sorted(steps.items())
    ]


def shape(answer: Answer) -> Shape:
    """Return the kind of each value in a response. An error's code is its kind."""
    sent = frozenset(_texts(answer.sent))
    return dict(_leaves(answer.body, "", sent))


def _differing(slack: Shape, stand_in: Shape) -> Iterator[tuple[str, str, str]]:
    for path in slack.keys() | stand_in.keys():
        theirs, ours = slack.get(path, _ABSENT), stand_in.get(path, _ABSENT)
        if theirs != ours:
            yield path, theirs, ours


def _by_call(answers: Iterable[Answer]) -> dict[tuple[str, str, int], Answer]:
    """Return the responses by step, method, and number among the step's calls of that method."""
    counted: dict[tuple[str, str], int] = {}
    found: dict[tuple[str, str, int], Answer] = {}
    for answer in answers:
        call = (answer.step, answer.method)
        counted[call] = counted.get(call, 0) + 1
        found[*call, counted[call]] = answer
    return found


def _leaves(value: Any, path: str, sent: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key, sent)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]", sent)
    else:
        yield path, f"the error {value}" if path == "error" else _kind(value, sent)


def _kind(value: Any, sent: frozenset[str]) -> str:
    if not isinstance(value, str):
        return _JSON_KINDS.get(type(value), "a number")
    if identifier := _ID.fullmatch(value):
        return f"an ID {identifier[1]}…"
    for kind, pattern in _KINDS.items():
        if pattern.fullmatch(value):
            return kind
    return "the text sent" if value in sent else "a text"


_JSON_KINDS = {bool: "true or false", type(None): "null", dict: "{}", list: "[]"}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)

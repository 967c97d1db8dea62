"""Texts for mistakes in settings: all of them at once, each with its location."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.settings.names import Key, closest, closest_to_variable, dotted, key_of, variable
from bot.settings.sources import Source

_KEY_FILES = ("client_key", "client_crt", "root_cas")
_DOCS_HINT = "See docs/configuration.md."
_SANDBOX_HINT = (
    "To try the bot without Slack and Teleport, run make sandbox, docker compose up sandbox or"
    " teleport-chatops sandbox."
)
"""For a bot without any settings."""
_REQUIRED = {("teleport", "identity"), ("slack", "token"), ("role_to_recipients",)}
_UNKNOWN, _MISSING = "extra_forbidden", "missing"


@dataclass(frozen=True, slots=True)
class Mistakes:
    texts: list[str]
    hint: str = ""
    """A sentence about all of them."""


def find_mistakes(
    source: Source, error: ValidationError | None, known: Sequence[Key], *, complete: bool
) -> Mistakes:
    """Return texts for wrong keys, conflicts between keys, and missing keys.

    An incomplete source, such as one without an unreadable file, has no conflicts and lacks no key.
    """
    details = error.errors(include_url=False, include_input=False) if error else []
    wrong = [each for each in details if each["type"] != _MISSING]
    found = [text for each in wrong for text in _explain(source, each, known)]
    missing: list[Key] = []
    if complete:
        found += [(key, _invalid(source, key, reason)) for key, reason in _conflicts(source.values)]
        missing += [_key(each) for each in details if each["type"] == _MISSING]
        missing += _needed_by_others(source.values)
    hint = _SANDBOX_HINT if not found and set(missing) >= _REQUIRED else ""
    return Mistakes([*_in_order(source, found), *_explain_missing(missing)], hint)


def _explain(
    source: Source, error: ErrorDetails, known: Sequence[Key]
) -> Iterator[tuple[Key, str]]:
    key = _key(error)
    if error["type"] == _UNKNOWN:
        yield from _explain_unknown(source, key, known)
    else:
        yield key, _invalid(source, key, error["msg"].removeprefix("Value error, "))


def _explain_unknown(source: Source, key: Key, known: Sequence[Key]) -> Iterator[tuple[Key, str]]:
    """Yield a text for the file, and one for each variable that sets the key or a part of it."""
    places = {each: place for each, place in source.places.items() if each[: len(key)] == key}
    variables = {each: place for each, place in places.items() if key_of(place) == each}
    if not variables or len(variables) < len(places):
        hint = _suggestion(dotted, closest(key, known))
        yield key, f"{_at(source.place(key))}Unknown setting {dotted(key)}. {hint}"
    for each, name in variables.items():
        hint = _suggestion(variable, closest_to_variable(name, known))
        yield each, f"{name} has no effect. {hint}"


def _suggestion(written: Callable[[Key], str], likely: Key | None) -> str:
    return f"Did you mean {written(likely)}?" if likely else _DOCS_HINT


def _invalid(source: Source, key: Key, reason: str) -> str:
    return f"{_at(source.place(key))}Invalid setting {dotted(key)}: {reason}."


def _explain_missing(missing: Sequence[Key]) -> Iterator[str]:
    if missing:
        yield (
            f"Missing settings: {', '.join(map(dotted, missing))}. Set them in the --config file or"
            f" as {', '.join(map(variable, missing))}."
        )


def _conflicts(values: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    """Yield keys that exclude each other or require others, each with the reason."""
    teleport = _section(values, "teleport")
    given = [name for name in _KEY_FILES if teleport.get(name)]
    lacking = [name for name in _KEY_FILES if not teleport.get(name)]
    if teleport.get("identity") and given:
        yield ("teleport", given[0]), f"set either identity or {', '.join(_KEY_FILES)}, not both"
    elif given and lacking:
        yield ("teleport", given[0]), f"{', '.join(lacking)} missing; set all three or none"
    if not teleport.get("identity") and _is_true(teleport.get("refresh_identity")):
        yield ("teleport", "refresh_identity"), "it requires teleport.identity"


def _needed_by_others(values: Mapping[str, Any]) -> Iterator[Key]:
    teleport, review = _section(values, "teleport"), _section(values, "review")
    if not any(map(teleport.get, ("identity", *_KEY_FILES))):
        yield ("teleport", "identity")
    app_token = _section(values, "slack").get("app_token") or review.get("app_token")
    if _is_true(review.get("enabled")) and not app_token:
        yield ("slack", "app_token")


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = values.get(name)
    return section if isinstance(section, dict) else {}


def _is_true(value: object) -> bool:
    try:
        return TypeAdapter(bool).validate_python(value)
    except ValidationError:
        return False


def _in_order(source: Source, found: Sequence[tuple[Key, str]]) -> list[str]:
    """Sort by location: the file from top to bottom, then the environment."""
    order = {key: number for number, key in enumerate(source.places)}
    return [text for key, text in sorted(found, key=lambda each: order.get(each[0], len(order)))]


def _key(error: ErrorDetails) -> Key:
    return tuple(map(str, error["loc"]))


def _at(place: str) -> str:
    return f"{place}: " if place else ""

"""Blocks as JSON: the result of the SDK's `to_dict`, at a fifth of its cost.

The SDK searches all attributes of each object for validators. This module searches once per class.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import ConfirmObject, Option

_MAY_BE_EMPTY = frozenset(
    {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
)
"""Block types that Slack accepts with empty `elements`."""


def plain(thing: Any) -> Any:
    """Turn a block or a part of one into JSON.

    Raises SlackObjectFormationError for a block that Slack would reject.
    """
    if isinstance(thing, list | tuple):
        return [plain(each) for each in thing]
    if not isinstance(thing, JsonObject):
        return thing
    kind = type(thing)
    own = _OWN_JSON.get(kind)
    if own is None and kind.to_dict is not JsonObject.to_dict:
        return thing.to_dict()
    for name in _validators(kind):
        getattr(thing, name)()
    if own is not None:
        return own(thing)
    may_be_empty = getattr(thing, "type", None) in _MAY_BE_EMPTY
    found: dict[str, Any] = {}
    for key in sorted(thing.attributes):
        value = getattr(thing, key, None)
        if value is None:
            continue
        if (may_be_empty and key == "elements") or not hasattr(value, "__len__") or len(value):
            found[key] = plain(value)
    return found


def _confirm(thing: Any) -> dict[str, Any]:
    """A confirmation dialog has other names for its JSON than for its attributes."""
    parts = {
        "title": thing._title,  # noqa: SLF001
        "text": thing._text,  # noqa: SLF001
        "confirm": thing._confirm,  # noqa: SLF001
        "deny": thing._deny,  # noqa: SLF001
        "style": thing._style,  # noqa: SLF001
    }
    return {name: plain(part) for name, part in parts.items() if part}


def _option(thing: Any) -> dict[str, Any]:
    parts = {
        "text": thing._text,  # noqa: SLF001
        "value": thing.value,
        "description": thing._block_description,  # noqa: SLF001
        "url": thing.url,
    }
    return {name: plain(part) for name, part in parts.items() if part is not None}


_OWN_JSON: Mapping[type[JsonObject], Callable[[Any], dict[str, Any]]] = MappingProxyType(
    {ConfirmObject: _confirm, Option: _option}
)


@cache
def _validators(kind: type[JsonObject]) -> tuple[str, ...]:
    """Return the names of methods that the SDK marks as validators."""
    names = (name for name in dir(kind) if not name.startswith("__"))
    return tuple(name for name in names if hasattr(getattr(kind, name), "validator"))

"""Slack messages as lines of text, for a terminal."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

Json = dict[str, Any]


def message_lines(message: Json) -> Iterator[str]:
    """Return the lines of a message, with buttons in brackets."""
    blocks = message.get("blocks") or []
    if not blocks:
        yield str(message.get("text", ""))
    for block in blocks:
        yield from _BLOCKS.get(block["type"], _other)(block)


def _header(block: Json) -> Iterator[str]:
    yield block["text"]["text"]


def _rich_text(block: Json) -> Iterator[str]:
    for element in block["elements"]:
        mark = "│ " if element["type"] == "rich_text_quote" else ""
        indent = "    $ " if element["type"] == "rich_text_preformatted" else ""
        text = "".join(_part(part) for part in element["elements"])
        yield from (f"{mark}{indent}{line}" for line in text.split("\n"))


def _actions(block: Json) -> Iterator[str]:
    yield "  ".join(f"[ {element['text']['text']} ]" for element in block["elements"])


def _other(block: Json) -> Iterator[str]:
    if block["type"] == "divider":
        yield "─" * 20


def _part(part: Json) -> str:
    if part["type"] == "date":
        return datetime.fromtimestamp(part["timestamp"]).strftime("%b %d %H:%M")  # noqa: DTZ006
    if part["type"] == "link":
        return f"{part.get('text', '')} ({part['url']})"
    return str(part.get("text", ""))


_BLOCKS = {"header": _header, "rich_text": _rich_text, "actions": _actions}

"""Slack messages as lines of text, for a terminal."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

Json = dict[str, Any]
_DATE = re.compile(r"<!date\^(\d+)\^[^>]*>")
_LINK = re.compile(r"<[^|>]*\|([^>]*)>")
_BOLD = re.compile(r"\*([^*\n]+)\*")


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


def _section(block: Json) -> Iterator[str]:
    """Yield the text, and each field in one line: its label, a colon and its value."""
    if text := block.get("text"):
        yield from _words(text).split("\n")
    for field in block.get("fields") or ():
        yield _words(field).replace("\n", ": ")


def _context(block: Json) -> Iterator[str]:
    yield " ".join(_words(part) for part in block["elements"] if "text" in part)


def _words(text: Json) -> str:
    """Return a text object without markup, and with its dates in local time."""
    written: str = text["text"]
    if text["type"] != "mrkdwn":
        return written
    dated = _DATE.sub(lambda match: _local_time(int(match[1])), written)
    return _BOLD.sub(r"\1", _LINK.sub(r"\1", dated))


def _local_time(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp).strftime("%b %d %H:%M")  # noqa: DTZ006


def _other(block: Json) -> Iterator[str]:
    if block["type"] == "divider":
        yield "─" * 20


def _part(part: Json) -> str:
    if part["type"] == "date":
        return _local_time(part["timestamp"])
    if part["type"] == "link":
        return f"{part.get('text', '')} ({part['url']})"
    return str(part.get("text", ""))


_BLOCKS = {
    "header": _header,
    "rich_text": _rich_text,
    "section": _section,
    "context": _context,
    "actions": _actions,
}

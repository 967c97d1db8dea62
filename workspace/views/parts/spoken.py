"""The text of a message for notifications and screen readers: the same words as its blocks.

Buttons and links have no words in it. Times are in UTC, because Slack doesn't convert them there.
"""

from collections.abc import Callable, Iterator
from typing import Any

from workspace.text.untrusted import fit_text
from workspace.views.parts.markup import readable

Json = dict[str, Any]

_LINE_LIMIT = 300
"""Keeps room for the lines after a long one."""


def spoken(blocks: list[Json], lead: str = "") -> str:
    """Return the words of the blocks. `lead` replaces their first line."""
    rows = [row for block in blocks for row in _rows(block)]
    rows = [lead, *rows[1:]] if lead else rows
    return "\n".join(fit_text(row, _LINE_LIMIT) for row in rows if row.strip())


def _rows(block: Json) -> Iterator[str]:
    if read := _READERS.get(block["type"]):
        yield from read(block)


def _header(block: Json) -> Iterator[str]:
    yield block["text"]["text"]


def _section(block: Json) -> Iterator[str]:
    for text in (*([block["text"]] if "text" in block else []), *block.get("fields", [])):
        yield _words(text).replace("\n", ": ")


def _context(block: Json) -> Iterator[str]:
    yield " ".join(_words(element) for element in block["elements"]).strip(" ·")


def _words(text: Json) -> str:
    words: str = text["text"]
    return readable(words) if text["type"] == "mrkdwn" else words


def _rich_text(block: Json) -> Iterator[str]:
    for element in block["elements"]:
        if element["type"] == "rich_text_list":
            yield from map(_parts, element["elements"])
        else:
            yield from _parts(element).split("\n")


def _parts(element: Json) -> str:
    return "".join(part.get("text") or part.get("fallback", "") for part in element["elements"])


_READERS: dict[str, Callable[[Json], Iterator[str]]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "rich_text": _rich_text,
}

"""A picture of a part of the page, with the texts and boxes in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff

from playwright.async_api import Locator

_TOLERANCE = 8
"""Pixels by which a side of a box may differ between versions of the browser and the fonts."""
_BOX = re.compile(r" \[box=([\d.,-]+)\]")
_ADDRESS = re.compile(r"/url: \S+")


@dataclass(frozen=True)
class Picture:
    png: bytes
    layout: tuple[str, ...]
    """Role, name and box of each element, one in a line."""


async def take(part: Locator) -> Picture:
    """Take a picture of an element."""
    snapshot = await part.aria_snapshot(boxes=True)
    png = await part.screenshot(animations="disabled", caret="hide")
    return Picture(png, tuple(line for line in snapshot.splitlines() if not _ADDRESS.search(line)))


def differences(recorded: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Return a line for each element that has another text, another place or another size."""
    before, after = ([_BOX.sub("", line) for line in lines] for lines in (recorded, taken))
    if before != after:
        return list(unified_diff(before, after, "recorded", "taken", lineterm="", n=0))
    return [
        f"{old} is now {new}"
        for old, new in zip(recorded, taken, strict=True)
        if any(abs(a - b) > _TOLERANCE for a, b in zip(_box(old), _box(new), strict=True))
    ]


def _box(line: str) -> list[float]:
    found = _BOX.search(line)
    return [float(number) for number in found[1].split(",")] if found else []

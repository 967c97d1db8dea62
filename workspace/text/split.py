"""Splits long texts into parts of a limited length, so that a view can show all of them."""

from collections.abc import Iterator
from itertools import accumulate, takewhile

from workspace.text.untrusted import char_length, slack_length


def split_text(text: str, room: int) -> Iterator[str]:
    """Yield parts with a `slack_length` of at most `room`, cut at spaces if possible."""
    rest = text.strip()
    while slack_length(rest) > room:
        lengths = accumulate(map(char_length, rest[: room + 1]))
        most = max(1, sum(1 for _ in takewhile(lambda length: length <= room, lengths)))
        space = max(rest.rfind(" ", most // 2, most), rest.rfind("\n", most // 2, most))
        cut = space if space > 0 else most
        yield rest[:cut].rstrip() or rest[:cut]
        rest = rest[cut:].lstrip()
    if rest:
        yield rest

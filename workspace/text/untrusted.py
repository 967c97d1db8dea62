"""Make text that somebody else wrote safe to show.

Reasons, user names and role names come from people and from other programs. They may try to ping a
channel, to fake a line of a card, to hide or reorder what stands beside them, or to be too long.
Whatever is made here is meant for places that show text literally (rich text, plain text); for
Slack's mrkdwn, `escape` it as well.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate, takewhile

ELLIPSIS = "…"
_NOT_SHOWN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_RIGHT_TO_LEFT = {"R", "AL"}
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_BLANKS = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}
_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Letters and marks by Unicode's word that show nothing (Default_Ignorable_Code_Point and more)."""
_LOOKED_AT = 8
"""Times as many characters as may be shown; the rest of a very long text is nobody's to read."""
_MAX_MARKS = 3
"""Accents on one letter; more are drawn over the neighbouring lines."""


def safe_name(text: str, limit: int = 80) -> str:
    """One line for a name or an id, never empty.

    What cannot be seen is marked, so that no name hides in another.
    """
    marked = "".join(
        " " if char.isspace() else "\ufffd" if _invisible(char) else char
        for char in _beginning(text, limit)
    )
    return _isolate(fit_text(" ".join(_tame_marks(marked).split()) or "\ufffd", limit))


def safe_text(text: str, limit: int, lines: int = 12) -> str:
    """Free text over a few lines. What cannot be seen is left out; it may be part of a script."""
    beginning = _beginning(text, limit)
    unified = beginning.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    kept = "".join(char for char in unified if char == "\n" or not _invisible(char))
    kept = re.sub(r"\n[ \t]*\n(?:[ \t]*\n)+", "\n\n", _tame_marks(kept).strip())
    rows = kept.split("\n")
    if len(rows) > lines:
        kept = "\n".join(rows[:lines]) + f" {ELLIPSIS}"
    return fit_text(kept, limit)


def safe_line(text: str, limit: int) -> str:
    """Free text in a line among others, where one of its own could pass for one of ours."""
    return fit_text(" ".join(safe_text(text, limit * 2, lines=limit).split()), limit)


def truncate(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def fit_text(text: str, room: int) -> str:
    """Cut the text to a `slack_length` of `room`, with an ellipsis where something was cut."""
    if slack_length(text) <= room:
        return text
    lengths = accumulate(map(slack_length, text))
    kept = sum(1 for _ in takewhile(lambda length: length < room, lengths))
    return text[:kept].rstrip() + ELLIPSIS


def slack_length(text: str) -> int:
    """Return the length by the strictest of Slack's counts.

    A whole message is counted escaped and in UTF-16 (observed; Slack documents neither). A single
    text never counts more than that.
    """
    return len(escape(text).encode("utf-16-le", "surrogatepass")) // 2


def escape(text: str) -> str:
    """Take the life out of Slack's control characters (docs.slack.dev: formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _beginning(text: str, limit: int) -> str:
    most = _LOOKED_AT * limit
    return text if len(text) <= most else text[:most] + ELLIPSIS


@lru_cache(4096)
def _invisible(char: str) -> bool:
    if char in _BLANKS or _SELECTORS.match(char):
        return True
    return unicodedata.category(char) in _NOT_SHOWN


def _tame_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if marks <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def _isolate(text: str) -> str:
    """Keep right-to-left letters from pulling the words beside them along."""
    if any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text):
        return f"{_ISOLATE}{text}{_END_ISOLATE}"
    return text

"""Makes untrusted text safe to show.

Users and other programs choose reasons, user names and role names. Such a text can try to mention
a channel, to imitate a line of a card, to hide or reorder the text next to it, or to be very long.
The functions remove or mark invisible characters, limit combining marks and length, and isolate
right-to-left text. Their results are for places that show text literally (rich text, plain text).
Use `escape` in addition for mrkdwn and notification texts.
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
"""Letters and marks that Unicode renders invisibly (Default_Ignorable_Code_Point and others)."""
_READ_FACTOR = 8
"""The functions read this many times the limit, so that the cost of a huge text is bounded."""
_MAX_MARKS = 3
"""Combining marks per letter. Slack renders more of them over neighboring lines."""


def safe_name(text: str, limit: int = 80) -> str:
    """Return one line for a name or an ID, never empty.

    Invisible characters are replaced, so that a name can't look like another one.
    """
    beginning = _beginning(text, limit)
    if beginning.isascii() and beginning.isprintable():  # nothing to mark, at a tenth of the cost
        return fit_text(" ".join(beginning.split()) or "\ufffd", limit)
    marked = "".join(
        " " if char.isspace() else "\ufffd" if _invisible(char) else char for char in beginning
    )
    return _isolate(fit_text(" ".join(_tame_marks(marked).split()) or "\ufffd", limit))


def safe_text(text: str, limit: int, lines: int = 12) -> str:
    """Return free text of a few lines. Invisible characters are removed: scripts can need them."""
    beginning = _beginning(text, limit)
    unified = beginning.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    visible = re.sub(r"\n[ \t]*\n(?:[ \t]*\n)+", "\n\n", _visible(unified).strip())
    rows = visible.split("\n")
    if len(rows) > lines:
        visible = "\n".join(rows[:lines]) + f" {ELLIPSIS}"
    return fit_text(visible, limit)


def safe_line(text: str, limit: int) -> str:
    """Return free text as a single line, so that it can't imitate a line of the card."""
    return fit_text(" ".join(safe_text(text, limit * 2, lines=limit).split()), limit)


def truncate(text: str, limit: int) -> str:
    """Cut the text to `limit` characters, with an ellipsis at the cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def fit_text(text: str, room: int) -> str:
    """Cut the text to a `slack_length` of `room`, with an ellipsis at the cut."""
    if slack_length(text) <= room:
        return text
    lengths = accumulate(map(char_length, text))
    shown = sum(1 for _ in takewhile(lambda length: length < room, lengths))
    return text[:shown].rstrip() + ELLIPSIS


def slack_length(text: str) -> int:
    """Return the length as Slack counts it at most.

    Slack counts a whole message escaped and in UTF-16 (observed, not documented), and single texts
    in other ways that never result in more.
    """
    escaped = 4 * text.count("&") + 3 * text.count("<") + 3 * text.count(">")
    if text.isascii():
        return len(text) + escaped
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 + escaped


char_length = lru_cache(4096)(slack_length)
"""The `slack_length` of one character, which many texts share."""


def escape(text: str) -> str:
    """Escape Slack's control characters (docs.slack.dev: formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _beginning(text: str, limit: int) -> str:
    most = _READ_FACTOR * limit
    return text if len(text) <= most else text[:most] + ELLIPSIS


@lru_cache(4096)
def _invisible(char: str) -> bool:
    if char in _BLANKS or _SELECTORS.match(char):
        return True
    return unicodedata.category(char) in _NOT_SHOWN


def _visible(text: str) -> str:
    """Remove invisible characters except line ends, and all but a few combining marks."""
    if text.isascii() and text.replace("\n", "").isprintable():  # nothing to remove
        return text
    return _tame_marks("".join(char for char in text if char == "\n" or not _invisible(char)))


def _tame_marks(text: str) -> str:
    chars: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if marks <= _MAX_MARKS:
            chars.append(char)
    return "".join(chars)


def _isolate(text: str) -> str:
    """Isolate right-to-left text, so that it doesn't reorder the text next to it."""
    if any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text):
        return f"{_ISOLATE}{text}{_END_ISOLATE}"
    return text

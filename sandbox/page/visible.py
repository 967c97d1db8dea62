"""A filter for text of users and other programs, as the bot's cards have one."""

import re
import unicodedata

_UNUSUAL = re.compile(r"[^\n\t -~]")
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
"""Categories of characters that hide or reorder the text next to them."""


def visible(text: str) -> str:
    """Return the text without control characters and without marks that change its direction."""
    return _UNUSUAL.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    return "" if unicodedata.category(match[0]) in _HIDDEN else match[0]

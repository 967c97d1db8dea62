"""Parse the text of `/teleport-approve` and `/teleport-deny`: an ID and an optional reason.

The reason follows the ID, with or without `because` or `--reason`.
"""

import re

from commands.parsing.request_ids import request_id_from
from commands.parsing.words import DASHES, Flags, Words

_FLAGS = Flags({"--reason": '"looks fine"'})
_PUNCTUATION = re.compile(rf"[{DASHES}:,]+")


def parse_review(text: str) -> tuple[str, str]:
    """Return the typed ID in lower case and the reason. Raises UserError with a correction."""
    request_id, reasons = "", list[str]()
    words = Words(text, _FLAGS, "Nothing changed.")
    for word in words:
        if word.flag:
            reasons.append(words.reason(words.check_flag(word.flag)))
        elif word.is_keyword("because"):
            reasons.append(words.rest())
        elif not word.quoted and _PUNCTUATION.fullmatch(word.text):
            continue
        elif not request_id:
            request_id = request_id_from(word, words)
        else:
            reasons.append(words.rest(word.start))
    return request_id, " ".join(filter(None, reasons))

"""The language of `/teleport-approve` and `/teleport-deny`: an id and perhaps a reason.

The reason is what follows the id, with or without `because` or `--reason`.
"""

import re

from commands.parsing.words import DASHES, Words, bare

_FLAGS = {"--reason": '"looks fine"'}
_PUNCTUATION = re.compile(rf"[{DASHES}:,]+")


def parse_review(text: str) -> tuple[str, str]:
    """Return the id as typed, in lower case, and the reason. Raises Refusal with the next step."""
    request_id, reasons = "", list[str]()
    words = Words(text, _FLAGS, "Nothing changed.")
    for word in words:
        if word.flag:
            reasons.append(words.reason(words.known(word.flag)))
        elif word.is_keyword("because"):
            reasons.append(words.rest())
        elif not word.quoted and _PUNCTUATION.fullmatch(word.text):
            continue
        elif not request_id:
            request_id = bare(word.text).strip("<>.,:;")
        else:
            reasons.append(words.rest(word.start))
    return request_id, " ".join(filter(None, reasons))

"""Request IDs as users paste them: `#f40631fc`, `(<id>).`, `Request f40631fc`, a card's link."""

import re

from commands.parsing.words import Word, Words, normalize_word

_FULL = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_IN_LINK = re.compile(rf"https?://\S*?(?P<id>{_FULL})(?![0-9a-z-])")
_AROUND = "<>()[]{}#.,:;!?…"
_LABELS = frozenset({"request", "req", "id"})


def request_id_from(word: Word, words: Words) -> str:
    """Return the ID in `word`, in lower case. A label such as `Request` moves on to the next word.

    Cards show `Request f40631fc`, and users copy all of it.
    """
    text = _plain(word)
    if text in _LABELS and (following := words.peek()) is not None and not following.flag:
        words.move_after(following)
        return request_id_from(following, words)
    return text


def _plain(word: Word) -> str:
    text = normalize_word(normalize_word(word.text).strip(_AROUND))
    linked = _IN_LINK.match(text)
    return linked["id"] if linked else text

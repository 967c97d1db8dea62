"""Parse the text of `/teleport-request`.

    /teleport-request staging and prod for 2h because redis is stuck
    /teleport-request staging,prod --duration 2h --reviewers bob,carol --reason "redis is stuck"

`because` takes everything after it as it is, so flags stand before it; `--reason` without quotes
takes everything up to the next flag.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from commands.parsing.durations import is_duration, parse_duration
from commands.parsing.slack_text import name_mentions
from commands.parsing.words import KEYWORDS, Word, Words
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_name

CONJUNCTIONS = frozenset({"and", "&", "+"})
"""Words between two roles, unless a role has that name."""
FILLERS = CONJUNCTIONS | frozenset(
    {"a", "access", "an", "for", "get", "give", "grant", "i", "in", "me", "my", "need", "of", "on"}
    | {"please", "pls", "request", "role", "roles", "thanks", "the", "to", "want", "with"}
)
"""English words that are rarely names of roles."""

_FLAGS = {
    "--reason": '"redis is stuck"',
    "--duration": "2h",
    "--reviewers": "bob,carol",
    "--roles": "staging,prod",
}
_UNCHANGED = "Nothing was requested."
_DURATION_WORDS = 8
"""The longest durations have this many words: `one week and three days and a half`."""
_SEPARATOR = re.compile(r"[,;]")


@dataclass
class _Draft:
    """The parsed part of a draft."""

    roles: list[str] = field(default_factory=list)
    reason: str = ""
    duration: timedelta | None = None
    reviewers: list[str] = field(default_factory=list)

    def draft(self) -> RequestDraft:
        return RequestDraft(
            tuple(dict.fromkeys(self.roles)),
            self.reason,
            self.duration,
            tuple(dict.fromkeys(self.reviewers)),
        )


def parse_request(text: str) -> RequestDraft:
    """Return the draft of a request. Raises UserError with a correction."""
    draft, words = _Draft(), Words(text, _FLAGS, _UNCHANGED)
    for word in words:
        if word.flag:
            _set(draft, words.check_flag(word.flag), words)
        elif word.is_keyword("because"):
            draft.reason = words.rest()
        elif word.is_keyword("for"):
            draft.duration = _duration(words)
        elif word.is_keyword("until", "till"):
            raise _no_end_time(words)
        else:
            draft.roles += map(name_mentions, _names(word))
    return draft.draft()


def _set(draft: _Draft, flag: str, words: Words) -> None:
    if flag == "--reason":
        draft.reason = words.reason(flag)
    elif flag == "--duration":
        words.require_value(flag)
        draft.duration = _duration(words)
    elif flag == "--roles":
        draft.roles += _list(words, flag)
    else:
        draft.reviewers += _list(words, flag)


def _duration(words: Words) -> timedelta:
    """Read the longest run of words that is a duration, and leave the words after it."""
    run = words.run(_DURATION_WORDS)
    texts = [word.text for word in run]
    for count in range(len(run), 0, -1):
        if is_duration(" ".join(texts[:count])):
            words.move_after(run[count - 1])
            return parse_duration(" ".join(texts[:count]))
    return parse_duration(" ".join(texts))


def _no_end_time(words: Words) -> UserError:
    until = " ".join(("until", *(word.text for word in words.run(_DURATION_WORDS))))
    return UserError(
        f"The bot can't read an end time such as “{safe_name(until)}” yet. Use a duration instead,"
        f" such as: for 2h. {_UNCHANGED}",
        reason="end_time",
    )


def _list(words: Words, flag: str) -> list[str]:
    """Read names between commas or conjunctions, with or without spaces around them."""
    word = words.require_value(flag)
    words.move_after(word)
    names = _names(word)
    while (following := words.peek()) is not None and _continues(word, following):
        word = following
        words.move_after(word)
        names += _names(word)
    return [name for name in names if name not in CONJUNCTIONS]


def _continues(word: Word, following: Word) -> bool:
    """Return whether a list goes on after `word`."""
    if following.flag or following.is_keyword(*KEYWORDS):
        return False
    ends_open = word.text[-1:] in {",", ";"} or word.is_keyword(*CONJUNCTIONS)
    return ends_open or following.text[:1] in {",", ";"} or following.is_keyword(*CONJUNCTIONS)


def _names(word: Word) -> list[str]:
    return [name for part in _SEPARATOR.split(word.text) if (name := part.strip())]

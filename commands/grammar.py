"""The language of `/teleport-request`.

    /teleport-request staging prod for 2h because redis is stuck
    /teleport-request staging,prod --duration 2h --reviewers bob,carol --reason "redis is stuck"

`because` takes everything after it as it is, so flags stand before it; `--reason` without quotes
takes everything up to the next flag. Desktop clients turn quotes typographic and two hyphens into a
dash, so those count as what was typed. A word in quotes is never a keyword.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rapidfuzz import process

from commands.durations import duration_from
from workspace.ask import Ask, check_reviewers
from workspace.refusal import Refusal
from workspace.untrusted import label

_FLAGS = ("--reason", "--duration", "--reviewers", "--roles")
_HELP = {"help", "--help", "-h", "?"}
_QUOTES = {'"': '"', "“": "”", "”": "”", "„": "“", "«": "»", "'": "'", "‘": "’"}  # noqa: RUF001
_DASHES = re.compile("^(?:--|—|–)(?=[A-Za-z])")  # noqa: RUF001
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    quoted: bool
    end: int
    """Where the word ends in the whole text."""


def wants_help(text: str) -> bool:
    return text.strip().lower() in _HELP


def ask_from(text: str) -> Ask:
    """Read what stands after the command. Raises Refusal with the way out."""
    ask = Ask()
    words = iter(_Words(text))
    for word in words:
        if word.quoted:
            ask = _with_roles(ask, word.text)
        elif word.text.lower() == "because":
            return replace(ask, reason=text[word.end :].strip())
        elif word.text.lower() == "for":
            ask = replace(ask, duration=duration_from(words.duration()))
        elif flag := _flag(word.text):
            name, _, value = flag.partition("=")
            ask = _SETTERS[_known(name)](ask, value or words.value_of(_known(name)))
        else:
            ask = _with_roles(ask, word.text)
    return ask


class _Words:
    """Splits text at white space, keeping what is in quotes together."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def __iter__(self) -> "_Words":
        return self

    def __next__(self) -> _Word:
        self._skip_space()
        if self._at >= len(self._text):
            raise StopIteration
        closing = _QUOTES.get(self._text[self._at])
        end = self._text.find(closing, self._at + 1) if closing else -1
        if end > 0:
            word = _Word(self._text[self._at + 1 : end], quoted=True, end=end + 1)
        else:
            word = self._bare_word()
        self._at = word.end
        return word

    def value_of(self, flag: str) -> str:
        try:
            word = next(self)
        except StopIteration:
            word = _Word("", quoted=False, end=self._at)
        if not word.text.strip() or (not word.quoted and _flag(word.text)):
            raise Refusal(
                f"{flag} needs something after it, as in {flag} {_EXAMPLES[flag]}. Nothing was"
                " asked for.",
                reason="flag_without_value",
            )
        if flag == "--reason" and not word.quoted:
            return " ".join((word.text, *self._take_while(lambda each: not _flag(each))))
        return word.text

    def duration(self) -> str:
        """Take the words up to the next keyword or flag: a duration may be several."""
        return " ".join(
            self._take_while(lambda each: each.lower() != "because" and not _flag(each))
        )

    def _take_while(self, wanted: Callable[[str], bool]) -> Iterator[str]:
        while (word := self._peek()) is not None and (word.quoted or wanted(word.text)):
            self._at = word.end
            yield word.text

    def _peek(self) -> _Word | None:
        before = self._at
        word = next(self, None)
        self._at = before
        return word

    def _bare_word(self) -> _Word:
        """A flag's value may follow its equals sign in quotes."""
        match = re.compile(r"\S+").match(self._text, self._at)
        text = match.group(0) if match else ""
        name, equals, value = text.partition("=")
        closing = _QUOTES.get(value[:1]) if equals and _flag(name) else None
        if closing:
            start = self._at + len(name) + 2
            end = self._text.find(closing, start)
            if end > 0:
                return _Word(f"{name}={self._text[start:end]}", quoted=False, end=end + 1)
        return _Word(text, quoted=False, end=self._at + len(text))

    def _skip_space(self) -> None:
        if match := _SPACE.match(self._text, self._at):
            self._at = match.end()


def _flag(text: str) -> str:
    """The flag in its plain spelling, or nothing."""
    return _DASHES.sub("--", text) if _DASHES.match(text) else ""


def _known(name: str) -> str:
    if name.lower() in _FLAGS:
        return name.lower()
    nearest = process.extractOne(name, _FLAGS, score_cutoff=60)
    hint = f"Did you mean {nearest[0]}?" if nearest else f"There are {', '.join(_FLAGS)}."
    raise Refusal(
        f"There is no flag {label(name)}. {hint} Nothing was asked for; see /teleport-request"
        " help.",
        reason="unknown_flag",
    )


def _listed(text: str) -> Iterator[str]:
    return (part.strip().removeprefix("@") for part in text.split(",") if part.strip(" @"))


def _with_roles(ask: Ask, text: str) -> Ask:
    roles = (part.strip() for part in text.split(","))
    return replace(ask, roles=tuple(dict.fromkeys((*ask.roles, *filter(None, roles)))))


def _with_reason(ask: Ask, text: str) -> Ask:
    return replace(ask, reason=text.strip())


def _with_duration(ask: Ask, text: str) -> Ask:
    return replace(ask, duration=duration_from(text))


def _with_reviewers(ask: Ask, text: str) -> Ask:
    reviewers = tuple(dict.fromkeys((*ask.reviewers, *_listed(text))))
    check_reviewers(reviewers)
    return replace(ask, reviewers=reviewers)


_SETTERS: dict[str, Callable[[Ask, str], Ask]] = {
    "--reason": _with_reason,
    "--duration": _with_duration,
    "--reviewers": _with_reviewers,
    "--roles": _with_roles,
}
_EXAMPLES = {
    "--reason": '"redis is stuck"',
    "--duration": "2h",
    "--reviewers": "bob,carol",
    "--roles": "staging,prod",
}

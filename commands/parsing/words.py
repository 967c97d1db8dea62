"""Split the text after a command into words, flags and keywords, equally for every command.

    staging --reason "redis is stuck"    staging —reason=“redis is stuck”
    staging reason: redis is stuck       staging because: redis is stuck

Desktop clients replace quotes by typographic quotes and two hyphens by a dash, so these are
equivalent. A word in quotes is never a flag or keyword.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from rapidfuzz import fuzz, process

from commands.parsing.slack_text import name_mentions
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_name

KEYWORDS = frozenset({"because", "for", "until", "till", "from", "starting"})
_HELP = {"help", "--help", "-h", "?"}
QUOTES = {'"': '"', "“": "”", "”": "”", "„": "“", "«": "»", "'": "'", "‘": "’"}  # noqa: RUF001
DASHES = "-‐‑‒–—―−"  # noqa: RUF001
_DASHED = re.compile(rf"(?P<dashes>[{DASHES}]{{1,2}})(?P<name>[A-Za-z][^\s=:]*)[=:]?")
_BEFORE_COLON = frozenset({"reason", "duration", "reviewers", "roles", "start", "until"})
"""Flags that are everyday words. Roles have names such as `resource:read`."""
_WITH_COLON = re.compile(r"(?P<name>[A-Za-z]{1,12}):")
_BARE = re.compile(r"(?:<@[^<>]*>|\S)+")
"""A mention can contain spaces."""
_SPACE = re.compile(r"\s*")
_LONGEST = 16_000
"""Characters of a command, so that parsing one doesn't delay the others."""
MIN_SIMILARITY = 70
"""Of a typed word and the name that it probably means, in percent (rapidfuzz's `ratio`)."""
_NAME_LIMIT = 80
"""Characters of an unknown flag that are compared."""


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start: int
    end: int
    """Position after the word in the whole text; of a flag, the start of its value."""
    quoted: bool = False
    flag: str = ""
    """The flag in its plain spelling, as in `--reason`; empty for any other word."""
    dashed: bool = False
    """A flag written with dashes, which ends the unquoted value of another flag."""

    def is_keyword(self, *keywords: str) -> bool:
        return not self.quoted and self.text.lower().rstrip(",") in keywords


def wants_help(text: str) -> bool:
    """Return whether the text asks for help and nothing else."""
    typed = normalize_word(text)
    return re.sub(rf"^[{DASHES}]{{1,2}}(?=[a-z]{{2}})", "--", typed) in _HELP or typed in _HELP


def normalize_word(text: str) -> str:
    """Return a single word in lower case, without quotes around it."""
    return text.strip().strip("".join(QUOTES) + "`").strip().lower()


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags of a command."""

    examples: Mapping[str, str]
    """Each flag, with an example of its value."""
    other_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Names of these flags in other programs."""
    missing: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Flags of other programs that the command doesn't have, with what to do instead."""


class Words:
    """Splits text at white space. Keeps quoted words together, and recognizes flags.

    `unchanged` is the sentence that ends each error.
    """

    def __init__(self, text: str, flags: Flags, unchanged: str) -> None:
        if len(text) > _LONGEST:
            raise UserError(
                f"Your command is {len(text)} characters long; the limit is {_LONGEST}."
                f" {unchanged}",
                reason="command_too_long",
            )
        self._text = text
        self._flags = flags
        self._unchanged = unchanged
        self._at = 0
        self._typed: dict[str, str] = {}
        """Flags as they were typed, by their own names."""
        self._unclosed: dict[str, int] = {}
        """By closing quote: the position after which the text contains none."""

    def __iter__(self) -> "Words":
        return self

    def __next__(self) -> Word:
        self._skip_space()
        if self._at >= len(self._text):
            raise StopIteration
        word = self._quoted_word() or self._flag_or_keyword() or self._bare_word()
        self._at = word.end
        return word

    def rest(self, start: int | None = None, end: int | None = None) -> str:
        """Return everything after the current word, or from `start`, without quotes around it.

        The words after `end` are left.
        """
        end = len(self._text) if end is None else end
        rest = self._text[self._at if start is None else start : end].strip()
        self._at = end
        closing = QUOTES.get(rest[:1])
        is_quoted = closing is not None and rest.find(closing, 1) == len(rest) - 1 > 0
        return name_mentions(rest[1:-1].strip() if is_quoted else rest)

    def require_value(self, flag: str) -> Word:
        """Return the first word of a value without moving on. Raises UserError if there is none."""
        word = self.peek()
        typed = self._typed.get(flag, flag)
        if word is None or word.dashed or not word.text.strip():
            raise UserError(
                f"{typed} needs a value, such as {typed} {self._flags.examples[flag]}."
                f" {self._unchanged}",
                reason="flag_without_value",
            )
        return word

    def reason(self, flag: str) -> str:
        """Return a value that is in quotes, or all words up to the next flag."""
        first = self.peek()
        if first is None or not first.quoted:
            first = self.require_value(flag)
        self._at = first.end
        if first.quoted:
            return name_mentions(first.text.strip())
        while (word := self.peek()) is not None and not word.dashed:
            self._at = word.end
        return name_mentions(self._text[first.start : self._at])

    def peek(self) -> Word | None:
        """Return the next word without moving on to it."""
        before = self._at
        word = next(self, None)
        self._at = before
        return word

    def run(self, limit: int) -> list[Word]:
        """Return up to `limit` words before the next flag or keyword, without moving on."""
        before, found = self._at, list[Word]()
        for word in self:
            if len(found) == limit or word.flag or word.is_keyword(*KEYWORDS):
                break
            found.append(word)
        self._at = before
        return found

    @property
    def position(self) -> int:
        return self._at

    def move_to(self, position: int) -> None:
        self._at = position

    def move_after(self, word: Word) -> None:
        self._at = word.end

    def check_flag(self, flag: str) -> str:
        """Return the flag's own name. Raises UserError if this command has no such flag."""
        plain = flag.lower()
        own = self._flags.other_names.get(plain, plain)
        if own in self._flags.examples:
            self._typed[own] = plain
            return own
        if plain in self._flags.missing:
            raise UserError(f"{self._flags.missing[plain]} {self._unchanged}", reason="tsh_flag")
        nearest = process.extractOne(
            plain[:_NAME_LIMIT],
            (*self._flags.examples, *self._flags.other_names, *self._flags.missing),
            scorer=fuzz.ratio,
            score_cutoff=MIN_SIMILARITY,
        )
        hint = (
            f"Did you mean {nearest[0]}?"
            if nearest
            else f"Available flags: {', '.join(self._flags.examples)}."
        )
        raise UserError(
            f"Unknown flag {safe_name(flag)}. {hint} {self._unchanged}", reason="unknown_flag"
        )

    def _quoted_word(self) -> Word | None:
        start = self._at
        closing = QUOTES.get(self._text[start])
        if closing is None or start >= self._unclosed.get(closing, len(self._text)):
            return None
        end = self._text.find(closing, start + 1)
        if end < 0:
            self._unclosed[closing] = start
            return None
        return Word(self._text[start + 1 : end], start, end + 1, quoted=True)

    def _flag_or_keyword(self) -> Word | None:
        if found := _DASHED.match(self._text, self._at):
            flag = f"--{found['name']}"
            # A name can start with one hyphen.
            if found["dashes"] != "-" or flag.lower() in self._flags.examples:
                return Word(found[0], self._at, found.end(), flag=flag, dashed=True)
        if found := _WITH_COLON.match(self._text, self._at):
            name = found["name"].lower()
            if name in _BEFORE_COLON and f"--{name}" in self._flags.examples:
                return Word(found[0], self._at, found.end(), flag=f"--{name}")
            if name in KEYWORDS:
                return Word(name, self._at, found.end())
        return None

    def _bare_word(self) -> Word:
        found = _BARE.match(self._text, self._at)
        text = found[0] if found else ""
        return Word(text, self._at, self._at + len(text))

    def _skip_space(self) -> None:
        if found := _SPACE.match(self._text, self._at):
            self._at = found.end()

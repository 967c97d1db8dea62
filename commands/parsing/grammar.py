"""Parse the text of `/teleport-request`.

    /teleport-request staging and prod for 2h because redis is stuck
    /teleport-request staging,prod --duration 2h --reviewers bob,carol --reason "redis is stuck"
    /teleport-request staging from tomorrow 9:00 until tomorrow 5pm reviewers @bob

`because` takes everything after it as it is, so flags stand before it. Only a list of reviewers
isn't part of the reason if it ends the line, or if only resources and times follow it:

    /teleport-request staging because redis is stuck reviewers @bob to node/staging-db

`--reason` without quotes takes everything up to the next flag.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from commands.parsing.durations import is_duration, parse_duration
from commands.parsing.moments import TypedMoment, parse_moment
from commands.parsing.resources import TypedResource, is_name, parse_resource
from commands.parsing.slack_text import name_mentions
from commands.parsing.typed_request import TypedRequest, wrong_times
from commands.parsing.words import KEYWORDS, QUOTES, Flags, Word, Words
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

_FLAGS = Flags(
    {
        "--reason": '"redis is stuck"',
        "--duration": "2h",
        "--reviewers": "bob,carol",
        "--roles": "staging,prod",
        "--resource": "node/staging-db",
        "--start": '"tomorrow 9:00"',
        "--until": '"tomorrow 5pm"',
        "--session-ttl": "1h",
    },
    other_names={"--max-duration": "--duration", "--assume-start-time": "--start"},
    missing={
        "--request-ttl": "Choose the expiry of the request in the form. Run /teleport-request"
        " without anything after it to open the form.",
        "--nowait": "Leave out --nowait, because this command never waits.",
    },
)
"""With the flags of `tsh request create`."""
_UNCHANGED = "Nothing was requested."
_TIME_WORDS = 8
"""The longest durations have this many words: `one week and three days and a half`."""
_REVIEWERS = ("reviewer", "reviewers")
_OPTIONS_AFTER_REASON = re.compile(r"[,;]?\sreviewers?:?\s+(?=@|<@)", re.IGNORECASE)

Value = TypeVar("Value")
_SEPARATOR = re.compile(r"[,;]")


@dataclass
class _Draft:
    """The parsed part of a draft."""

    roles: list[str] = field(default_factory=list)
    reason: str = ""
    duration: timedelta | None = None
    session: timedelta | None = None
    reviewers: list[str] = field(default_factory=list)
    resources: list[TypedResource] = field(default_factory=list)
    start: TypedMoment | None = None
    until: TypedMoment | None = None

    def add(self, names: Iterable[str]) -> None:
        """Add roles and resources."""
        for name in names:
            if resource := parse_resource(name):
                self.resources.append(resource)
            else:
                self.roles.append(name_mentions(name))

    def add_reason(self, reason: str) -> None:
        """Add a reason to the one before it, as reviews do."""
        self.reason = f"{self.reason} {reason}".strip()

    def typed_request(self) -> TypedRequest:
        draft = RequestDraft(
            tuple(dict.fromkeys(self.roles)),
            self.reason,
            self.duration,
            tuple(dict.fromkeys(self.reviewers)),
            session=self.session,
        )
        return TypedRequest(draft, tuple(dict.fromkeys(self.resources)), self.start, self.until)


def parse_request(text: str) -> TypedRequest:
    """Return the draft of a request. Raises UserError with a correction."""
    draft, words = _Draft(), Words(text, _FLAGS, _UNCHANGED)
    for word in words:
        if word.flag:
            _set(draft, words.check_flag(word.flag), words)
        elif word.is_keyword("because"):
            draft.add_reason(words.rest(end=_end_of_reason(text, word.end)))
        elif word.is_keyword("for"):
            draft.duration = _only(draft.duration, _duration(words), "durations")
        elif word.is_keyword("until", "till"):
            draft.until = _only(draft.until, _moment(words), "ends")
        elif word.is_keyword("from", "starting"):
            draft.start = _only(draft.start, _moment(words), "starts")
            if end := _end_after_to(words):
                draft.until = _only(draft.until, end, "ends")
        elif word.is_keyword("to") and _names_a_resource(words):
            continue
        elif word.is_keyword(*_REVIEWERS) and _names_a_user(words):
            draft.reviewers += _list(words, "--reviewers")
        else:
            draft.add([word.text] if word.quoted else _names(word))
    return draft.typed_request()


def _end_of_reason(text: str, start: int) -> int:
    """Return the position at which options follow the reason, or the length of the text."""
    found = [match.start() for match in _OPTIONS_AFTER_REASON.finditer(text, start)]
    return found[-1] if found and _are_options(text[found[-1] :]) else len(text)


def _are_options(text: str) -> bool:
    if text.rstrip()[-1:] in QUOTES:
        return False
    try:
        draft = parse_request(text).draft
    except UserError:
        return False
    return bool(draft.reviewers) and not draft.roles and not draft.reason


def _set(draft: _Draft, flag: str, words: Words) -> None:
    if flag == "--reason":
        draft.add_reason(words.reason(flag))
    elif flag == "--duration":
        words.require_value(flag)
        draft.duration = _only(draft.duration, _duration(words), "durations")
    elif flag == "--session-ttl":
        words.require_value(flag)
        draft.session = _only(draft.session, _duration(words), "session lengths")
    elif flag == "--roles":
        draft.add(_list(words, flag))
    elif flag == "--resource":
        draft.resources += map(_resource, _list(words, flag))
    elif flag == "--start":
        words.require_value(flag)
        draft.start = _only(draft.start, _moment(words), "starts")
    elif flag == "--until":
        words.require_value(flag)
        draft.until = _only(draft.until, _moment(words), "ends")
    else:
        draft.reviewers += _list(words, flag)


def _only(before: Value | None, value: Value, noun: str) -> Value:
    """Return a value that can be given once. Raises UserError if an earlier one differs."""
    if before is not None and before != value:
        raise UserError(
            f"There are two different {noun} in your request. Keep one of them. {_UNCHANGED}",
            reason="two_values",
        )
    return value


def _resource(name: str) -> TypedResource:
    found = parse_resource(name)
    if found is None:
        example = f"node/{safe_name(name)}" if is_name(name) else "node/web-1"
        raise UserError(
            f"“{safe_name(name)}” isn't a resource. Write its kind before its name, such as"
            f" {example}. {_UNCHANGED}",
            reason="not_a_resource",
        )
    return found


def _duration(words: Words) -> timedelta:
    def read(text: str) -> timedelta | None:
        return parse_duration(text) if is_duration(text) else None

    return _longest(words, read) or parse_duration(_run(words))


def _moment(words: Words) -> TypedMoment:
    found = _longest(words, parse_moment)
    if found is not None:
        return found
    typed = _run(words)
    problem = f"“{safe_name(typed)}” isn't a time." if typed else "The time is missing."
    raise wrong_times(f"{problem} Use something like 17:00, 5pm, tomorrow 9:00 or Dec 1 14:00.")


def _longest(words: Words, read: Callable[[str], Value | None]) -> Value | None:
    """Read the longest run of words that has a value, and leave the words after it."""
    run = words.run(_TIME_WORDS)
    for count in range(len(run), 0, -1):
        value = read(" ".join(word.text for word in run[:count]))
        if value is not None:
            words.move_after(run[count - 1])
            return value
    return None


def _run(words: Words) -> str:
    return " ".join(word.text for word in words.run(_TIME_WORDS))


def _end_after_to(words: Words) -> TypedMoment | None:
    """Read the end in `from 9:00 to 17:00`. Without a time after it, `to` is a word like others."""
    following = words.peek()
    if following is None or not following.is_keyword("to"):
        return None
    before = words.position
    words.move_after(following)
    end = _longest(words, parse_moment)
    if end is None:
        words.move_to(before)
    return end


def _names_a_resource(words: Words) -> bool:
    following = words.peek()
    return following is not None and parse_resource(following.text.strip(",;")) is not None


def _names_a_user(words: Words) -> bool:
    """Return whether a user's name follows: `reviewers` can also be the name of a role."""
    following = words.peek()
    return following is not None and following.text.startswith(("@", "<@"))


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
    if following.flag or following.is_keyword(*KEYWORDS, "to"):
        return False
    ends_open = word.text[-1:] in {",", ";"} or word.is_keyword(*CONJUNCTIONS)
    return ends_open or following.text[:1] in {",", ";"} or following.is_keyword(*CONJUNCTIONS)


def _names(word: Word) -> list[str]:
    return [name for part in _SEPARATOR.split(word.text) if (name := part.strip())]

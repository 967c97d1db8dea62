"""Parse durations in everyday notation: `2h`, `an hour and a half`, `1:30`.

A bare number has no unit, and two parts of a clock are hours and minutes: `1:30` is an hour and a
half.
"""

import re
from datetime import timedelta
from fractions import Fraction

import humanize

from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_name

LONGEST = timedelta(days=14)
"""Teleport's maximum (api/constants: MaxAccessDuration)."""
_SHORTEST = timedelta(minutes=1)

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
"""By the first letter of a unit."""
_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {
    **{word: Fraction(number) for number, word in enumerate(_COUNTS, start=1)},
    **dict.fromkeys(("a", "an"), Fraction(1)),
    **dict.fromkeys(("half", "half a", "half an", "a half"), Fraction(1, 2)),
}
_AMOUNT = re.compile(
    rf"""(?:(?P<digits>[0-9]{{1,30}}(?:[.,][0-9]{{1,9}})?)[ ]?
        |(?P<word>{"|".join(sorted(_NUMBERS, key=len, reverse=True)).replace(" ", "[ ]")})[ ])
    (?P<unit>w|wks?|weeks?|d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)(?![a-z])
    (?P<half>[ ]and[ ]a[ ]half(?![a-z]))?""",
    re.VERBOSE,
)
_BETWEEN = re.compile(r",? and |, ?| ?")
_MINUTES = re.compile(r"[0-5]?[0-9]")
"""Minutes without a unit after hours, as in `1h30`."""
_CLOCK = re.compile(
    r"(?P<h>[0-9]{1,3}):(?P<m>[0-5][0-9])(?::(?P<s>[0-5][0-9]))?(?: ?(?:h|hrs?|hours?))?"
)


def is_duration(text: str) -> bool:
    """Return whether `text` is a duration of any length."""
    return _seconds(normalize_phrase(text)) is not None


def parse_duration(text: str) -> timedelta:
    """Return the duration that `text` spells out.

    Raises UserError if it isn't one, or if Teleport never grants it.
    """
    plain = normalize_phrase(text)
    if not plain:
        raise _error("Add a duration, such as: for 2h.")
    seconds = _seconds(plain)
    if seconds is None and re.fullmatch(r"[0-9.,]+", plain):
        raise _error(f"“{safe_name(text)}” has no unit. Use something like 30m, 2h or 3 days.")
    if seconds is None:
        raise _error(
            f"“{safe_name(text)}” isn't a duration. Use something like 30m, 2h, 1h30m or 3 days, or"
            " leave it out for the maximum."
        )
    if not _SHORTEST.total_seconds() <= seconds <= LONGEST.total_seconds():
        raise _error(
            f"“{safe_name(text)}” is out of range. Use between 1 minute and"
            f" {humanize.precisedelta(LONGEST)}."
        )
    return timedelta(seconds=round(seconds))


def _error(sentence: str) -> UserError:
    return UserError(f"{sentence} Nothing was requested.", reason="bad_duration")


def normalize_phrase(text: str) -> str:
    """Return a text in lower case, with single spaces and no punctuation around it."""
    return " ".join(text.lower().split()).strip(" .,;!")


def _seconds(plain: str) -> Fraction | None:
    if clock := _CLOCK.fullmatch(plain):
        return Fraction(sum(int(clock[part] or 0) * _SECONDS[part] for part in "hms"))
    if plain.startswith("-"):
        positive = _amounts(plain[1:])
        return None if positive is None else -positive
    return _amounts(plain)


def _amounts(plain: str) -> Fraction | None:
    """Return the sum of amounts, each in a smaller unit than the one before it."""
    total, position, smallest = Fraction(0), 0, 2 * _SECONDS["w"]
    while position < len(plain):
        amount = _AMOUNT.match(plain, position)
        if amount is None:
            minutes = _MINUTES.fullmatch(plain, position)
            if minutes is None or smallest != _SECONDS["h"]:
                return None
            return total + int(minutes[0]) * _SECONDS["m"]
        unit = _SECONDS[amount["unit"][0]]
        if unit >= smallest:
            return None
        total += _number(amount) * unit
        smallest = unit
        between = _BETWEEN.match(plain, amount.end())
        position = between.end() if between else amount.end()
    return total if position else None


def _number(amount: re.Match[str]) -> Fraction:
    digits = amount["digits"]
    number = Fraction(digits.replace(",", ".")) if digits else _NUMBERS[amount["word"]]
    return number + Fraction(1, 2) if amount["half"] else number

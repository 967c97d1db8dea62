"""Values as Go prints them, for texts that must read like Teleport's."""

import json
from datetime import datetime

_MICROSECOND = 1_000  # nanoseconds
_MILLISECOND = 1_000 * _MICROSECOND
_SECOND = 1_000 * _MILLISECOND


def quoted(text: str) -> str:
    """As `%q` writes a string."""
    return json.dumps(text, ensure_ascii=False)


def go_duration(nanoseconds: int) -> str:
    """As `%v` writes a duration, such as `336h0m0s`, `11h59m58.5s` or `250ms`."""
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if 0 < rest < _SECOND:
        return f"{sign}{_below_a_second(rest)}"
    minutes, rest = divmod(rest, 60 * _SECOND)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_decimal(rest, _SECOND)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}"
    return f"{sign}{minutes}m{seconds}" if minutes else f"{sign}{seconds}"


def go_time(moment: datetime) -> str:
    """As `%v` writes a time in UTC, such as `2026-01-02 03:04:05.5 +0000 UTC`."""
    fraction = f"{moment:%f}".rstrip("0")
    return f"{moment:%Y-%m-%d %H:%M:%S}{'.' if fraction else ''}{fraction} +0000 UTC"


def rfc3339(moment: datetime) -> str:
    """To the second, in UTC."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _below_a_second(nanoseconds: int) -> str:
    if nanoseconds < _MICROSECOND:
        return f"{nanoseconds}ns"
    if nanoseconds < _MILLISECOND:
        return f"{_decimal(nanoseconds, _MICROSECOND)}µs"
    return f"{_decimal(nanoseconds, _MILLISECOND)}ms"


def _decimal(value: int, unit: int) -> str:
    """The value in that unit, without trailing zeros."""
    whole, fraction = divmod(value, unit)
    digits = str(fraction).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)

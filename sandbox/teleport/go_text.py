"""Values in Go's formats, for texts that must equal Teleport's."""

import json
import re
from datetime import datetime
from decimal import Decimal

_MICROSECOND = 1_000  # nanoseconds
_MILLISECOND = 1_000 * _MICROSECOND
_SECOND = 1_000 * _MILLISECOND
_HOUR = 3_600 * _SECOND

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([^\d.]*)", re.ASCII)
_UNITS = {
    "ns": 1, "us": _MICROSECOND, "µs": _MICROSECOND, "ms": _MILLISECOND,
    "s": _SECOND, "m": 60 * _SECOND, "h": _HOUR,
}  # fmt: skip
_LONG_UNITS = {"d": 24 * _HOUR, "mo": 30 * 24 * _HOUR, "y": 365 * 24 * _HOUR}
"""Units of durations in resources (api/types/duration.go)."""


def quoted(text: str) -> str:
    """Return a text as `%q` formats it."""
    return json.dumps(text, ensure_ascii=False)


def go_duration(nanoseconds: int) -> str:
    """Return a duration as `%v` formats it, such as `336h0m0s`, `11h59m58.5s` or `250ms`."""
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if 0 < rest < _SECOND:
        return f"{sign}{_below_a_second(rest)}"
    minutes, rest = divmod(rest, 60 * _SECOND)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_decimal(rest, _SECOND)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}"
    return f"{sign}{minutes}m{seconds}" if minutes else f"{sign}{seconds}"


def parse_go_duration(text: str, *, with_days: bool = False) -> int:
    """Return the nanoseconds of a duration such as `1h30m`.

    With `days`, accept Teleport's units `d`, `mo` and `y`, too. Raises ValueError with Go's text.
    """
    units = _UNITS | _LONG_UNITS if with_days else _UNITS
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    parts = list(_PART.finditer(rest))
    if not parts or "".join(part[0] for part in parts) != rest:
        raise ValueError(f"time: invalid duration {quoted(text)}")
    for part in parts:
        if not part[2]:
            raise ValueError(f"time: missing unit in duration {quoted(text)}")
        if part[2] not in units:
            raise ValueError(f"time: unknown unit {quoted(part[2])} in duration {quoted(text)}")
    return sign * int(sum(Decimal(part[1]) * units[part[2]] for part in parts))


def go_time(moment: datetime) -> str:
    """Return a UTC time as `%v` formats it, such as `2026-01-02 03:04:05.5 +0000 UTC`."""
    fraction = f"{moment:%f}".rstrip("0")
    return f"{moment:%Y-%m-%d %H:%M:%S}{'.' if fraction else ''}{fraction} +0000 UTC"


def rfc3339(moment: datetime) -> str:
    """Return a UTC time to the second."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _below_a_second(nanoseconds: int) -> str:
    if nanoseconds < _MICROSECOND:
        return f"{nanoseconds}ns"
    if nanoseconds < _MILLISECOND:
        return f"{_decimal(nanoseconds, _MICROSECOND)}µs"
    return f"{_decimal(nanoseconds, _MILLISECOND)}ms"


def _decimal(value: int, unit: int) -> str:
    """Return the value in the given unit, without trailing zeros."""
    whole, fraction = divmod(value, unit)
    digits = str(fraction).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)

"""Values as Go prints them, for texts that must read like Teleport's."""

import json
from datetime import datetime, timedelta

_MILLISECOND = 1_000  # microseconds
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND


def quoted(text: str) -> str:
    """As `%q` writes a string."""
    return json.dumps(text, ensure_ascii=False)


def go_duration(duration: timedelta) -> str:
    """As `%v` writes a duration, such as `336h0m0s`, `11h59m58.5s` or `250ms`."""
    microseconds = abs(duration) // timedelta(microseconds=1)
    sign = "-" if duration < timedelta() else ""
    if 0 < microseconds < _MILLISECOND:
        return f"{sign}{microseconds}µs"
    if 0 < microseconds < _SECOND:
        return f"{sign}{_decimal(microseconds, _MILLISECOND)}ms"
    minutes, rest = divmod(microseconds, _MINUTE)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_decimal(rest, _SECOND)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}"
    return f"{sign}{minutes}m{seconds}" if minutes else f"{sign}{seconds}"


def go_time(moment: datetime) -> str:
    """As `%v` writes a time in UTC, such as `2026-01-02 03:04:05.5 +0000 UTC`."""
    fraction = f"{moment:%f}".rstrip("0")
    return f"{moment:%Y-%m-%d %H:%M:%S}{'.' if fraction else ''}{fraction} +0000 UTC"


def _decimal(value: int, unit: int) -> str:
    """The value in that unit, without trailing zeros."""
    whole, fraction = divmod(value, unit)
    digits = str(fraction).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)

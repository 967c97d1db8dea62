"""Dates in the reader's zone, in Slack's formats.

See "Date formatting" at docs.slack.dev/messaging/formatting-message-text.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import humanize

from sandbox.page.render.reader import Reader

_TOKEN = re.compile(r"\{(\w+)\}")
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}
_TEENS = range(11, 14)
_NEAR = timedelta(days=182)
"""Slack omits the year of dates within about six months."""
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_JUST_NOW = "just now"
_PRETTY = "_pretty"
_RELATIVE_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def format_date(reader: Reader, timestamp: int, template: str, fallback: str) -> str:
    """Return the template with its tokens replaced, or the fallback for an invalid time.

    Tokens that Slack doesn't define stay as they are.
    """
    try:
        moment = datetime.fromtimestamp(timestamp, reader.zone)
    except (OverflowError, ValueError, OSError):
        return fallback
    now = datetime.fromtimestamp(reader.now, reader.zone)
    return _TOKEN.sub(lambda match: _replace(match, moment, now), template)


def iso_date(timestamp: float) -> str:
    """Return a time for the `datetime` attribute, empty for an invalid time."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return ""


def _replace(token: re.Match[str], moment: datetime, now: datetime) -> str:
    name = token[1]
    if name == "ago":
        return _ago(now - moment)
    form = _FORMS.get(name.removesuffix(_PRETTY))
    if form is None:
        return token[0]
    if name.endswith(_PRETTY):
        day = _RELATIVE_DAYS.get((moment.date() - now.date()).days)
        return day or form(moment, now)
    return form(moment, now)


def _ago(age: timedelta) -> str:
    """Return an age in words. A message can be some seconds newer than the reader's clock."""
    return _JUST_NOW if -_MINUTE < age < _SECOND else humanize.naturaltime(age)


def _ordinal(day: int) -> str:
    suffix = "th" if day in _TEENS else _ORDINALS.get(day % 10, "th")
    return f"{day}{suffix}"


def _date(moment: datetime, now: datetime) -> str:
    return f"{moment:%B} {_ordinal(moment.day)}{_year(moment, now)}"


def _date_short(moment: datetime, now: datetime) -> str:
    return f"{moment:%b} {moment.day}{_year(moment, now)}"


def _date_long(moment: datetime, now: datetime) -> str:
    return f"{moment:%A}, {_date(moment, now)}"


def _date_long_full(moment: datetime, _now: datetime) -> str:
    return f"{moment:%B} {moment.day}, {moment.year}"


def _day_divider(moment: datetime, now: datetime) -> str:
    year = "" if moment.year == now.year else f", {moment.year}"
    return f"{moment:%A}, {moment:%B} {_ordinal(moment.day)}{year}"


def _year(moment: datetime, now: datetime) -> str:
    return "" if abs(moment - now) < _NEAR else f", {moment.year}"


def _clock(moment: datetime, minutes: str) -> str:
    return f"{moment.hour % 12 or 12}:{moment.strftime(minutes)} {moment:%p}"


_FORMS: dict[str, Callable[[datetime, datetime], str]] = {
    "date": _date,
    "date_long": _date_long,
    "date_long_full": _date_long_full,
    "date_num": lambda moment, _now: f"{moment:%Y-%m-%d}",
    "date_short": _date_short,
    "date_slash": lambda moment, _now: f"{moment:%m/%d/%Y}",
    "day_divider": _day_divider,
    "time": lambda moment, _now: _clock(moment, "%M"),
    "time_secs": lambda moment, _now: _clock(moment, "%M:%S"),
}

"""Parse moments in everyday notation: `5pm`, `tomorrow 9:00`, `Dec 1 at 14:30`, `in 2 hours`.

Parsing needs no clock, so it happens before the user's time zone is known. `TypedMoment.resolve`
then finds the instant. A text that can mean two instants raises a UserError that asks which one:
the bot never guesses. Numbers such as `12/1` mean different days in different countries, so only
ISO dates and names of months are dates. Timestamps such as `2026-12-01T14:30:00Z`, which tsh needs,
are moments, too.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from commands.parsing.durations import is_duration, normalize_phrase, parse_duration
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_name

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_YEARS = range(2000, 2100)
"""Leaves room for arithmetic in every time zone."""
_NAMED_TIMES = {"noon": time(12), "midnight": time(0)}
_NOW = frozenset({"now", "right now"})
_DAYS_AHEAD = {"today": 0, "tonight": 0, "tomorrow": 1}


def _names(words: tuple[str, ...]) -> str:
    """Return a pattern for whole words and their first three letters."""
    return "|".join(f"{word[:3]}(?:{word[3:]})?" for word in words)


_DAY = rf"""(?:
    (?P<relative>today|tonight|tomorrow)
  | (?:on[ ])?(?P<weekday>{_names(_WEEKDAYS)})
  | (?:on[ ])?(?P<iso>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})
  | (?:on[ ])?(?P<month>{_names(_MONTHS)})\.?[ ](?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?
  | (?:on[ ])?(?P<day_first>[0-9]{{1,2}})(?:st|nd|rd|th)?\.?[ ](?P<month_last>{_names(_MONTHS)})
)"""
_TIME = r"""(?:at[ ])?(?:
    (?P<hour>[0-9]{1,2})
    (?:[:.](?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9])(?:\.[0-9]+)?)?)?
    [ ]?(?P<half>[ap]\.?m\.?)?
  | (?P<named>noon|midnight)
)(?:[ ]?(?P<utc>utc|gmt|z))?"""
_MOMENT = re.compile(rf"(?:{_DAY})?(?:(?:,?[ ]|^|t(?=[0-9]))(?:{_TIME}))?", re.VERBOSE)
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?[+-][0-9]{2}:[0-9]{2}"
)
"""With an offset. Without the `T`, `9:00-10:00` can be a range."""
_TIME_FIRST = re.compile(rf"{_TIME}[ ]{_DAY}", re.VERBOSE)
_NOON = 12


@dataclass(frozen=True, slots=True)
class TypedMoment:
    """A moment as typed. Without a day, it's the next time with this clock time."""

    text: str
    """For questions about it."""
    clock: time | None = None
    days_ahead: int | None = None
    weekday: int | None = None
    """0 is Monday."""
    on: date | None = None
    month_day: tuple[int, int] | None = None
    """Month and day without a year: the next such day."""
    after: timedelta | None = None
    """A time from now on, instead of all other fields."""
    utc: bool = False

    def resolve(self, now: datetime, zone: tzinfo) -> datetime:
        """Return the instant in UTC. `zone` is that of the user. Raises UserError with a question.

        The result can be in the past, if the text names a day.
        """
        if self.after is not None:
            return now.astimezone(UTC) + self.after
        if self.clock is None:
            raise _question(f"“{safe_name(self.text)}” has no time. Add one, such as {self._with}.")
        local = now.astimezone(UTC if self.utc else zone)
        return _instant(self._day(local), self.clock, local.tzinfo or UTC, self.text)

    @property
    def _with(self) -> str:
        return f"{safe_name(self.text)} 9:00 or {safe_name(self.text)} 5pm"

    def _day(self, local: datetime) -> date:
        """Return the day in the user's zone."""
        today = local.date()
        if self.days_ahead is not None:
            return today + timedelta(days=self.days_ahead)
        if self.on is not None:
            return self.on
        if self.weekday is not None:
            return self._next_weekday(today)
        if self.month_day is not None:
            return self._next_date(today)
        return self._today_or_midnight(local)

    def _next_weekday(self, today: date) -> date:
        ahead = ((self.weekday or 0) - today.weekday()) % 7
        if ahead == 0:
            next_week = today + timedelta(days=7)
            raise _question(
                f"Today is {today:%A}, so “{safe_name(self.text)}” can mean today or next week."
                f" Write “today {self._clock}” or “{next_week.isoformat()} {self._clock}”."
            )
        return today + timedelta(days=ahead)

    def _next_date(self, today: date) -> date:
        month, day = self.month_day or (1, 1)
        for year in range(today.year, today.year + 9):
            try:
                found = date(year, month, day)
            except ValueError:
                continue
            if found >= today:
                return found
        raise _question(f"“{safe_name(self.text)}” isn't a day of the calendar.")

    def _today_or_midnight(self, local: datetime) -> date:
        """Return the day of a clock time without a day."""
        if self.clock == time(0):
            return local.date() + timedelta(days=1)
        if self.clock is not None and self.clock <= local.time():
            raise _question(
                f"“{safe_name(self.text)}” has already passed today ({local:%H:%M} now). Write"
                f" “tomorrow {self._clock}” if you mean tomorrow."
            )
        return local.date()

    @property
    def _clock(self) -> str:
        return f"{self.clock:%H:%M}" if self.clock else ""


def parse_moment(text: str) -> TypedMoment | None:
    """Return the moment that `text` spells out, None if it isn't one. Raises UserError.

    A bare hour such as `5` raises, since it can be in the morning or in the afternoon.
    """
    plain = normalize_phrase(text)
    if plain in _NOW:
        return TypedMoment(plain, after=timedelta(0))
    if plain.startswith("in ") and is_duration(plain[3:]):
        return TypedMoment(plain, after=parse_duration(plain[3:]))
    if _TIMESTAMP.fullmatch(plain):
        return _timestamp(plain)
    found = _MOMENT.fullmatch(plain) or _TIME_FIRST.fullmatch(plain)
    if found is None or not plain:
        return None
    return TypedMoment(
        plain,
        clock=_clock(found, plain),
        days_ahead=_DAYS_AHEAD.get(found["relative"] or ""),
        weekday=_index(_WEEKDAYS, found["weekday"]),
        on=_iso(found["iso"], plain),
        month_day=_month_day(found),
        utc=found["utc"] is not None,
    )


def _timestamp(text: str) -> TypedMoment:
    """Read a timestamp with an offset from UTC."""
    _iso(text[:10], text)
    try:
        instant = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise _not_a_time(text) from None
    return TypedMoment(text, clock=instant.time(), on=instant.date(), utc=True)


def _clock(found: re.Match[str], text: str) -> time | None:
    if found["named"]:
        return _NAMED_TIMES[found["named"]]
    if found["hour"] is None:
        return None
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if found["half"]:
        if not 1 <= hour <= _NOON:
            raise _not_a_time(text)
        hour = hour % _NOON + (_NOON if found["half"][0] == "p" else 0)
        return _time(hour, minute, second, text)
    if found["minute"] is None and 0 < hour <= _NOON:
        raise _question(
            f"“{safe_name(text)}” can be in the morning or in the afternoon. Write {hour}:00,"
            f" {hour}am or {hour}pm."
        )
    return _time(hour, minute, second, text)


def _time(hour: int, minute: int, second: int, text: str) -> time:
    try:
        return time(hour, minute, second)
    except ValueError:
        raise _not_a_time(text) from None


def _iso(text: str | None, whole: str) -> date | None:
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError:
        raise _question(f"“{safe_name(whole)}” isn't a day of the calendar.") from None
    if found is not None and found.year not in _YEARS:
        raise _question(f"“{safe_name(whole)}” is too far from now.")
    return found


def _month_day(found: re.Match[str]) -> tuple[int, int] | None:
    month = _index(_MONTHS, found["month"] or found["month_last"])
    return None if month is None else (month + 1, int(found["day"] or found["day_first"]))


def _index(words: tuple[str, ...], name: str | None) -> int | None:
    return next((i for i, word in enumerate(words) if name and word.startswith(name)), None)


def _instant(day: date, clock: time, zone: tzinfo, text: str) -> datetime:
    """Return the instant of a local time. Raises UserError where the clock change makes it two.

    Around a change of the clocks, a local time can exist twice or not at all (PEP 495).
    """
    first, second = (datetime.combine(day, clock, zone).replace(fold=fold) for fold in (0, 1))
    instant = first.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != first.replace(tzinfo=None):
        later = instant.astimezone(zone)
        raise _question(
            f"“{safe_name(text)}” doesn't exist on {day:%B} {day.day}, because the clocks go"
            f" forward. Write “{day.isoformat()} {later:%H:%M}”."
        )
    other = second.astimezone(UTC)
    if other != instant:
        raise _question(
            f"“{safe_name(text)}” happens twice on {day:%B} {day.day}, because the clocks go back."
            f" Write “{instant:%Y-%m-%d %H:%M} UTC” or “{other:%Y-%m-%d %H:%M} UTC”."
        )
    return instant


def _not_a_time(text: str) -> UserError:
    return _question(f"“{safe_name(text)}” isn't a time. Use something like 17:00 or 5pm.")


def _question(sentence: str) -> UserError:
    return UserError(f"{sentence} Nothing was requested.", reason="unclear_time")

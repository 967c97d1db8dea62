"""Times of messages in a person's zone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.page.render.reader import Reader


@dataclass(frozen=True)
class Stamp:
    """The time of a message in the forms that the page needs."""

    clock: str
    full: str
    iso: str
    day: date


def stamp(reader: Reader, ts: str) -> Stamp:
    """Return the local time of a message timestamp."""
    at = _local(reader, float(ts))
    clock = _clock(at)
    return Stamp(
        clock, f"{_long_day(at.date())} at {clock}", at.isoformat(timespec="seconds"), at.date()
    )


def day_name(reader: Reader, day: date) -> str:
    """Return a day as people say it: Today, Yesterday or a date."""
    today = _local(reader, reader.now).date()
    if day == today:
        return "Today"
    return "Yesterday" if day == today - timedelta(days=1) else _long_day(day)


def zone_name(reader: Reader) -> str:
    """Return the name of the reader's zone and its offset, such as `Europe/Berlin, UTC+2`."""
    offset = _local(reader, reader.now).utcoffset() or timedelta()
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{reader.person.timezone}, UTC{sign}{hours}" + (f":{minutes:02d}" if minutes else "")


def _local(reader: Reader, seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, ZoneInfo(reader.person.timezone))


def _clock(at: datetime) -> str:
    return f"{at.hour % 12 or 12}:{at:%M %p}"


def _long_day(day: date) -> str:
    return f"{day:%A, %B} {day.day}, {day.year}"

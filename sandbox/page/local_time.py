"""Times of messages in a person's zone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.page.render.dates import format_date
from sandbox.page.render.reader import Reader


@dataclass(frozen=True)
class Stamp:
    """The time of a message in the forms that the page needs."""

    clock: str
    full: str
    iso: str
    day: date
    day_name: str
    """Today, Yesterday or a date."""


def stamp(reader: Reader, ts: str) -> Stamp:
    """Return the local time of a message timestamp."""
    local, seconds = datetime.fromtimestamp(float(ts), reader.zone), int(float(ts))
    day_name = format_date(reader, seconds, "{day_divider_pretty}", "")
    return Stamp(
        clock=format_date(reader, seconds, "{time}", ""),
        full=format_date(reader, seconds, "{date_long_full} at {time_secs}", ""),
        iso=local.isoformat(timespec="seconds"),
        day=local.date(),
        day_name=day_name[:1].upper() + day_name[1:],
    )


def zone_name(reader: Reader) -> str:
    """Return the name of the reader's zone and its offset, such as `Europe/Berlin, UTC+2`."""
    offset = datetime.fromtimestamp(reader.now, reader.zone).utcoffset() or timedelta()
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{reader.person.timezone}, UTC{sign}{hours}" + (f":{minutes:02d}" if minutes else "")

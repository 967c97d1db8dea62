"""Times in the panel, in the zone of the first person of the page."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.cast import PEOPLE

_UTC = "UTC"


@dataclass(frozen=True)
class Moment:
    """A time as the panel shows it, and for `<time datetime>`."""

    text: str
    iso: str


@dataclass(frozen=True)
class Clock:
    """The current time of the cluster, and the zone of the reader."""

    now: datetime
    zone: str

    @classmethod
    def of(cls, now: datetime, reader: str) -> "Clock":
        zones = {person.name: person.timezone for person in PEOPLE}
        return cls(now, zones.get(reader, _UTC))

    def moment(self, value: datetime) -> Moment:
        """Return a time of day, with the date unless that is today."""
        zone = ZoneInfo(self.zone)
        local, today = value.astimezone(zone), self.now.astimezone(zone).date()
        clock = f"{local.hour % 12 or 12}:{local:%M %p}"
        date = "" if local.date() == today else f"{local:%b} {local.day}, "
        return Moment(f"{date}{clock}", local.isoformat(timespec="seconds"))

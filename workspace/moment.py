"""Points in time from untrusted sources, such as Teleport's plugin data, and the time between."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AwareDatetime

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9998, 12, 31, tzinfo=UTC)
"""Leaves room for arithmetic: Python's calendar ends with the year 9999."""

_MINUTE = timedelta(minutes=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


def in_utc(when: datetime) -> datetime:
    """Convert an aware time to UTC. Raises ValueError outside of 1970 to 9998."""
    try:
        moment = when.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is outside of the calendar") from error
    if not _EARLIEST <= moment <= _LATEST:
        raise ValueError("the time is outside of the years 1970 to 9998")
    return moment


def minutes_between(start: datetime | None, end: datetime | None) -> timedelta | None:
    """Return the time between, rounded to minutes. None if it isn't known or isn't positive."""
    if start is None or end is None:
        return None
    minutes = round((end - start) / _MINUTE)
    return minutes * _MINUTE if minutes > 0 else None


Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(in_utc)]


def _plausible(length: timedelta) -> timedelta:
    if not timedelta() < length <= _LATEST - _EARLIEST:
        raise ValueError("no access has this duration")
    return length


Span: TypeAlias = Annotated[timedelta, AfterValidator(_plausible)]
"""The duration of an access, from an untrusted source."""

"""Times in Protobuf messages.

Most times in Teleport's Go types are values. An unset one is therefore sent as Go's zero time, the
first second of year 1, and isn't left out. The functions return None for both forms.
"""

import random
from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


def stamp(value: datetime | None) -> Timestamp:
    """Return a time for a required field. None becomes year 1."""
    timestamp = Timestamp()
    timestamp.FromDatetime(value or _YEAR_ONE)
    return timestamp


def stamp_at(nanoseconds: int) -> Timestamp:
    """Return a time from nanoseconds since 1970, which `datetime` can't represent."""
    timestamp = Timestamp()
    timestamp.FromNanoseconds(nanoseconds)
    return timestamp


def clock_nanoseconds(now: datetime) -> int:
    """Return a server's clock in nanoseconds. `datetime` has microseconds; the rest is random."""
    return stamp(now).ToNanoseconds() + random.randrange(1_000)


def moment(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(tzinfo=UTC)


def given(message: Message, field: str) -> datetime | None:
    """Return the field's time, or None if it is absent or in year 1."""
    if not message.HasField(field):
        return None
    value = moment(getattr(message, field))
    return None if value == _YEAR_ONE else value


def given_nanoseconds(message: Message, field: str) -> int | None:
    """Return the field's time in nanoseconds since 1970, or None."""
    timestamp: Timestamp = getattr(message, field)
    return None if given(message, field) is None else timestamp.ToNanoseconds()

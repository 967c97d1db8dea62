"""Points in time on the wire.

Teleport's Go types hold most times by value, so an unset one is sent as Go's zero time,
the first second of year 1, instead of being left out. Both forms read as None here.
"""

import random
from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


def stamp(value: datetime | None) -> Timestamp:
    """A time for a field that is never absent; None becomes year 1."""
    timestamp = Timestamp()
    timestamp.FromDatetime(value or _YEAR_ONE)
    return timestamp


def stamp_at(nanoseconds: int) -> Timestamp:
    """A time in nanoseconds since 1970, as Go's clock has it and `datetime` does not."""
    timestamp = Timestamp()
    timestamp.FromNanoseconds(nanoseconds)
    return timestamp


def clock_nanoseconds(now: datetime) -> int:
    """What a server's clock shows; below the microsecond, where `datetime` ends, at random."""
    return stamp(now).ToNanoseconds() + random.randrange(1_000)


def moment(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(tzinfo=UTC)


def given(message: Message, field: str) -> datetime | None:
    """What the field says, or None if it is absent or year 1."""
    if not message.HasField(field):
        return None
    value = moment(getattr(message, field))
    return None if value == _YEAR_ONE else value


def given_nanoseconds(message: Message, field: str) -> int | None:
    """As `given`, in nanoseconds since 1970."""
    timestamp: Timestamp = getattr(message, field)
    return None if given(message, field) is None else timestamp.ToNanoseconds()

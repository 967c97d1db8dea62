"""Points in time on the wire.

Teleport's Go types hold most times by value, so an unset one is sent as Go's zero time,
the first second of year 1, instead of being left out. Both forms read as None here.
"""

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


def moment(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(tzinfo=UTC)


def given(message: Message, field: str) -> datetime | None:
    """What the field says, or None if it is absent or year 1."""
    if not message.HasField(field):
        return None
    value = moment(getattr(message, field))
    return None if value == _YEAR_ONE else value

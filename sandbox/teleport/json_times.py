"""Times in JSON, to the nanosecond."""

import re
from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from sandbox.teleport.timestamps import given, moment, stamp

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)", re.ASCII
)
NO_TIME = "0001-01-01T00:00:00Z"
"""A time that isn't set, as Go writes it."""
_LAYOUT = "2006-01-02T15:04:05Z07:00"


def rfc3339_nano(value: Timestamp) -> str:
    """Return a time without trailing zeros. Years have four digits."""
    seconds = moment(value).replace(tzinfo=None).isoformat(timespec="seconds")
    fraction = f".{value.nanos:09}".rstrip("0").rstrip(".")
    return f"{seconds}{fraction}Z"


def field_time(message: Message, field: str) -> str:
    """Return a field's time, or `NO_TIME`."""
    return rfc3339_nano(getattr(message, field)) if given(message, field) else NO_TIME


def timestamp_from(text: str) -> Timestamp:
    """Parse a time. Raises ValueError, mostly with Go's text."""
    unreadable = ValueError(
        f'parsing time "{text}" as "{_LAYOUT}": cannot parse "{text}" as "2006"'
    )
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise unreadable
    try:
        seconds = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
        timestamp = stamp(seconds.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise unreadable from error
    timestamp.nanos = int((match[2] or "").ljust(9, "0"))
    return timestamp

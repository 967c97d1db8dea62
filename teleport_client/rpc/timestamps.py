"""Conversion between protobuf timestamps and aware UTC times."""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_SECONDS = (datetime(9998, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
_MOST_NANOS = 999_999_999


def time_from(stamp: Timestamp) -> datetime | None:
    """Return the time, or None for a missing time and for Go's zero time (year 1).

    A missing message reads as 1970, so 1970 counts as missing. So does a time at the end of 9998 or
    later: Python's calendar ends soon after, and one such request must not break a whole list. The
    ledger can't store later times either (workspace/moment.py).
    """
    if not 0 < stamp.seconds < _LATEST_SECONDS:
        return None
    nanos = min(max(0, stamp.nanos), _MOST_NANOS)
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=nanos // 1_000)


def time_to(moment: datetime) -> Timestamp:
    """Return the timestamp. Leave the field unset for a missing time: an empty one is 1970."""
    since = moment - _EPOCH
    return Timestamp(seconds=since // timedelta(seconds=1), nanos=since.microseconds * 1_000)

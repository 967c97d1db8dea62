"""The stored audit events, oldest first."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sandbox.teleport.json_times import rfc3339_nano
from sandbox.teleport.timestamps import stamp

Fields = Mapping[str, object]
"""JSON fields of an event, by Teleport's names."""


@dataclass(frozen=True)
class EventType:
    """The type of an event: its name and its code."""

    name: str
    code: str


Event = tuple[EventType, Fields]
"""The type of an event, and the fields that belong to it."""

_KEPT = 2_000
"""Events in memory. Long tests must not fill it."""
_MILLISECOND = 1_000


class AuditLog:
    """The newest events of one cluster, each in the form of a line of Teleport's log file."""

    def __init__(
        self, cluster_name: str, now: Callable[[], datetime], announce: Callable[[], None]
    ) -> None:
        """`announce` is called after each event."""
        self._cluster_name = cluster_name
        self._now = now
        self._events: deque[Fields] = deque(maxlen=_KEPT)
        self._announce = announce

    def __iter__(self) -> Iterator[Fields]:
        return iter(tuple(self._events))

    def __reversed__(self) -> Iterator[Fields]:
        return reversed(tuple(self._events))

    def emit(self, event: Event) -> None:
        """Store an event with the fields that all events have, and announce it.

        Fields that are None or empty are left out.
        """
        event_type, fields = event
        common: dict[str, object] = {
            "ei": 0,
            "event": event_type.name,
            "uid": str(uuid4()),
            "code": event_type.code,
            "time": rfc3339_nano(stamp(_to_milliseconds(self._now()))),
            "cluster_name": self._cluster_name,
        }
        given = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
        self._events.append(common | given)
        self._announce()


def _to_milliseconds(value: datetime) -> datetime:
    return value.replace(microsecond=value.microsecond // _MILLISECOND * _MILLISECOND)

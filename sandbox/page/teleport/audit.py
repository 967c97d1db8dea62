"""The tab Audit log: the newest events, each with a sentence and its fields."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sandbox.page.teleport.clock import Clock, Moment
from sandbox.teleport.audit.audit_log import AuditLog

_MOST = 100


@dataclass(frozen=True)
class EventRow:
    id: str
    name: str
    code: str
    time: Moment
    sentence: str
    fields: str
    """The event as JSON, as in a line of Teleport's log file."""


def event_rows(audit: AuditLog, clock: Clock) -> tuple[EventRow, ...]:
    """Return the newest events, newest first."""
    return tuple(_row(event, clock) for event in islice(reversed(audit), _MOST))


def _row(event: Mapping[str, Any], clock: Clock) -> EventRow:
    name = event["event"]
    return EventRow(
        id=event["uid"],
        name=name,
        code=event["code"],
        time=clock.moment(datetime.fromisoformat(event["time"])),
        sentence=_SENTENCES[name](event),
        fields=json.dumps(event, indent=2),
    )


def _created(event: Mapping[str, Any]) -> str:
    return f"{event['user']} requested {', '.join(event['roles'])}."


def _reviewed(event: Mapping[str, Any]) -> str:
    verb = "approved" if event["proposed_state"] == "APPROVED" else "denied"
    return f"{event['reviewer']} {verb} a request. It is {event['state'].lower()}."


def _updated(event: Mapping[str, Any]) -> str:
    return f"{event['updated_by']} set a request to {event['state'].lower()}."


def _certificate(event: Mapping[str, Any]) -> str:
    identity = event["identity"]
    return f"{identity['user']} got a certificate with {', '.join(identity['roles'])}."


def _lock(event: Mapping[str, Any], verb: str) -> str:
    target = ", ".join(f"{key} {value}" for key, value in event["lock"]["target"].items())
    return f"{event['user']} {verb} a lock on {target}."


def _named(subject: str, verb: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda event: f"{event['user']} {verb} the {subject} {event['name']}."


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "access_request.create": _created,
    "access_request.review": _reviewed,
    "access_request.update": _updated,
    "access_request.delete": lambda event: f"{event['user']} deleted a request.",
    "access_request.expire": lambda _event: "A request has expired.",
    "cert.create": _certificate,
    "lock.created": lambda event: _lock(event, "created"),
    "lock.deleted": lambda event: _lock(event, "removed"),
    "role.created": _named("role", "created or replaced"),
    "role.deleted": _named("role", "deleted"),
    "user.create": _named("user", "created or replaced"),
    "user.delete": _named("user", "deleted"),
    "user.login": lambda event: f"{event['user']} logged in.",
}

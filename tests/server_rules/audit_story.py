"""A story of requests, reviews and locks, and the audit events that it leaves.

`data/audit_events.json` holds the events of a real Teleport 17, in the form that `comparable`
returns. `tests/real_teleport` plays the story there, `tests/sandbox` on the stand-in.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

RECORDED_VERSION = "17.0.0"
"""Teleport's version in the recorded file."""
_FIRST_REASON = "redis is stuck"
_FILE = Path(__file__).parent / "data" / "audit_events.json"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAMES = frozenset({
    "access_request.create", "access_request.review", "access_request.update",
    "access_request.delete", "cert.create", "lock.created", "lock.deleted", "role.created",
    "role.deleted", "user.create", "user.delete",
})  # fmt: skip
"""Events of the story. A real server also records sessions, challenges and much more."""
_ADMINISTRATOR = re.compile(rf"{_UUID}\.main|tctl-admin")
"""tctl on the Auth Service's host acts as the host, and in the sandbox as a user."""
_TIME = re.compile(r"(?!0001-)\d{4}-\d\d-\d\dT[\d:.]+Z")
_CHANGING = {
    "uid": "<uid>",
    "addr.remote": "<address>",
    "user_agent": "<user agent>",
    "client_ip": "<address>",
    "traits": "<traits>",
}
"""Fields whose values depend on the machine or the users' other settings."""

Event = Mapping[str, Any]


class Tools(Protocol):
    """Teleport's tools of one cluster. A failed command raises."""

    async def tsh(self, user: str, *words: str) -> str:
        """Run tsh as a user, and return stdout."""
        ...

    async def tctl(self, *words: str, stdin: str = "") -> str:
        """Run tctl as the administrator, and return stdout."""
        ...


async def play(tools: Tools) -> None:
    """Play the story on a cluster with the cast."""
    staging = await _request(tools, "alice", "staging", _FIRST_REASON)
    await tools.tsh("bob", "request", "review", "--approve", "--reason=go ahead", staging)
    await tools.tsh("alice", "login", f"--request-id={staging}")
    prod = await _request(tools, "alice", "prod", "shard 3 is down")
    await tools.tsh("bob", "request", "review", "--approve", prod)
    await tools.tsh("carol", "request", "review", "--deny", "--reason=not today", prod)
    set_by_tctl = await _request(tools, "carol", "staging", "by tctl")
    await tools.tctl("requests", "approve", "--delegator=dana", "--reason=on call", set_by_tctl)
    await tools.tctl("requests", "rm", "--force", set_by_tctl)
    locked = await tools.tctl("lock", "--user=erin", "--message=on leave")
    await tools.tctl("rm", f"lock/{_first_uuid(locked)}")
    await tools.tctl("create", stdin=_RESOURCES)
    await tools.tctl("rm", "user/olga")
    await tools.tctl("rm", "role/on-call")


def is_start(event: Event) -> bool:
    """Return whether the story begins with this event."""
    return event.get("reason") == _FIRST_REASON


def is_end(event: Event) -> bool:
    """Return whether the story ends with this event."""
    return bool(event["event"] == "role.deleted")


def comparable(events: Iterable[Event]) -> list[Event]:
    """Return the story's events without values that differ from run to run.

    Equal IDs become equal names, in the order of their first appearance.
    """
    story = [_without_changing(event) for event in events if event["event"] in _NAMES]
    text = _ADMINISTRATOR.sub("<administrator>", json.dumps(story, sort_keys=True))
    text = _TIME.sub("<time>", text)
    known: dict[str, str] = {}
    text = re.sub(_UUID, lambda it: known.setdefault(it[0], f"<id {len(known) + 1}>"), text)
    named: list[Event] = json.loads(text)
    return named


def recorded() -> list[Event]:
    """Return the events of the real server."""
    events: list[Event] = json.loads(_FILE.read_text())
    return events


async def _request(tools: Tools, user: str, role: str, reason: str) -> str:
    printed = await tools.tsh(
        user, "request", "create", "--nowait", f"--roles={role}", f"--reason={reason}"
    )
    return _first_uuid(printed)


def _first_uuid(text: str) -> str:
    found = re.search(_UUID, text)
    assert found is not None, text
    return found[0]


def _without_changing(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _CHANGING.get(name) or _without_changing(it) for name, it in value.items()}
    return value


_RESOURCES = """\
kind: role
version: v7
metadata: {name: on-call}
spec: {allow: {rules: [{resources: [event], verbs: [list, read]}]}}
---
kind: user
version: v2
metadata: {name: olga}
spec: {roles: [on-call]}
"""

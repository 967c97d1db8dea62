"""Keys whose last reconciliation failed, and whether that makes the bot unready.

One access request that can't be shown is a warning: readiness must not depend on a single user's
input. Readiness fails only if an error concerns all objects: the bot's token or role is refused, or
Teleport or Slack doesn't respond. The second case needs several keys that fail, and no other key
that succeeded since: a single key might cause the missing response itself. Both wait for `after`
seconds, because most outages are shorter.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from notifications.workqueue.blast_radius import BlastRadius, blast_radius
from notifications.workqueue.key import Key
from teleport_client.errors import TeleportError
from workspace.sending.fence import SendingStopped
from workspace.sending.slack_failure import SLACK_ERRORS, describe

PROBLEM_AFTER_SECONDS = 60.0
_SEVERAL = 2

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Failing:
    since: float
    error: Exception
    count: int = 0


class Failures:
    """Counts failures per key until a success. `noun` names the objects in problems."""

    def __init__(self, noun: str, *, after: float = PROBLEM_AFTER_SECONDS) -> None:
        self._noun = noun
        self._after = after
        self._failing: dict[Key, _Failing] = {}
        self._started: set[Key] = set()
        self._succeeded_at = float("-inf")

    def __len__(self) -> int:
        return len(self._failing)

    def count(self, key: Key, error: Exception, *, new: bool) -> int:
        """Record an error and return the number of failures; one that isn't `new` adds none."""
        now = asyncio.get_running_loop().time()
        known = self._failing.get(key) or _Failing(now, error)
        failing = self._failing[key] = replace(known, error=error, count=known.count + new)
        return failing.count

    def started(self, key: Key) -> None:
        """Record that calls for a key were started."""
        self._started.add(key)

    def succeeded(self, key: Key) -> None:
        """Record a success if there was work to do: most reconciliations have none."""
        if self._failing.pop(key, None) or key in self._started:
            self._started.discard(key)
            self._succeeded_at = asyncio.get_running_loop().time()

    def clear(self) -> None:
        self._failing.clear()
        self._started.clear()

    @property
    def problem(self) -> str:
        """Why nothing can be shown for a while; empty if other keys succeed."""
        lasting = self._lasting()
        shared = [each for each in lasting if blast_radius(each.error) is BlastRadius.ALL]
        service = [each for each in lasting if blast_radius(each.error) is BlastRadius.SERVICE]
        outage = len(service) >= _SEVERAL and all(
            self._succeeded_at < each.since for each in service
        )
        return self._described(shared or (service if outage else []))

    @property
    def warning(self) -> str:
        """Which objects can't be shown for a while, for any reason."""
        return self._described(self._lasting())

    def _lasting(self) -> list[_Failing]:
        if not self._failing:
            return []
        before = asyncio.get_running_loop().time() - self._after
        return [each for each in self._failing.values() if each.since <= before]

    def _described(self, failing: Sequence[_Failing]) -> str:
        if not failing:
            return ""
        plural = "" if len(failing) == 1 else "s"
        return f"{len(failing)} {self._noun}{plural} can't be shown: {describe(failing[-1].error)}"


def log_failure(key: Key, error: Exception, count: int, pause: float, *, new: bool) -> None:
    """Log unexpected errors with a traceback, others once per group, on attempts 1, 2, 4, etc."""
    write: Callable[..., object]
    if not isinstance(error, (*SLACK_ERRORS, TeleportError, SendingStopped)):
        write = partial(log.error, exc_info=error)
    elif new and not count & (count - 1):
        write = log.warning
    else:
        write = log.debug
    write(
        "reconcile_failed",
        **_subject(key),
        error=describe(error),
        failure_count=count,
        retry_in_seconds=round(pause, 1),
    )


def _subject(key: Key) -> Mapping[str, str]:
    if key.kind == "access_request":
        return {"request_id": key.name}
    return {"kind": key.kind, "name": key.name}

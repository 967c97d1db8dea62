"""Ids of requests that want attention: duplicates fold, one worker an id, failures come back later.

Ids, not events: whoever works on an id looks at everything there is to know about it then.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import structlog

from notifications.blast_radius import BlastRadius, blast_radius
from teleport_client.errors import TeleportError
from workspace.fence import NotSending
from workspace.slack_failure import SLACK_ERRORS, in_words, rest_asked

AT_ONCE = 32
_TURNS = 4
"""Of so many, one is for the backlog, where what is live waits too."""
_LONG = 60.0
"""Seconds in which a failure should have passed that nobody needs to know of."""
_SEVERAL = 2
"""Requests that fail without an answer, and none succeeds: a single one may be the cause itself."""
_FIRST_RETRY = 0.5
LONGEST_PAUSE = 60.0
"""Seconds before a request that fails is tried again."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


Work: TypeAlias = Callable[[str, bool], Awaitable[bool]]
"""Told an id, and whether it is live rather than of the backlog; gives whether all is done."""

Room: TypeAlias = Callable[[bool], bool]
"""Told whether it is for what is live; gives whether more messages may be handed in."""


@dataclass(frozen=True, slots=True)
class _Failing:
    """An id for which something stands in the way."""

    since: float
    error: Exception
    count: int = 0


class ChangeQueue:
    """What is live goes before the backlog, which has each fourth turn all the same.

    Closed, it takes nothing and forgets everything.
    """

    def __init__(self, *, longest_pause: float = LONGEST_PAUSE, long: float = _LONG) -> None:
        self._longest_pause = longest_pause
        self._long = long
        self._live: OrderedDict[str, None] = OrderedDict()
        self._backlog: OrderedDict[str, None] = OrderedDict()
        self._working: set[str] = set()
        self._again: dict[str, bool] = {}
        self._failing: dict[str, _Failing] = {}
        self._begun: set[str] = set()
        self._succeeded_at = float("-inf")
        self._later: dict[str, tuple[asyncio.TimerHandle, bool]] = {}
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = False
        self._taken = 0

    def __len__(self) -> int:
        """Ids that wait or are worked on."""
        return len(self._live) + len(self._backlog) + len(self._working) + len(self._later)

    @property
    def failing(self) -> int:
        """Count the ids that failed at their last attempt."""
        return len(self._failing)

    @property
    def trouble(self) -> str:
        """Why nothing can be shown for a while, if so. One request alone is a `warning`."""
        long = self._failing_for_long()
        everyone = [each for each in long if blast_radius(each.error) is BlastRadius.EVERYONE]
        unanswered = [each for each in long if blast_radius(each.error) is BlastRadius.SERVICE]
        outage = len(unanswered) >= _SEVERAL and all(
            self._succeeded_at < each.since for each in unanswered
        )
        return _cannot_be_shown(everyone or (unanswered if outage else []))

    @property
    def warning(self) -> str:
        """Which requests cannot be shown for a while, whatever the reason."""
        return _cannot_be_shown(self._failing_for_long())

    def _failing_for_long(self) -> list[_Failing]:
        if not self._failing:
            return []
        before = asyncio.get_running_loop().time() - self._long
        return [each for each in self._failing.values() if each.since <= before]

    @property
    def working(self) -> int:
        """Ids that are worked on now."""
        return len(self._working)

    def add(self, request_id: str, *, live: bool = True) -> None:
        if not self._open:
            return
        if later := self._later.pop(request_id, None):
            later[0].cancel()
            live = live or later[1]
        if request_id in self._working:
            self._again[request_id] = live or self._again.get(request_id, False)
        elif live:
            self._backlog.pop(request_id, None)
            self._live[request_id] = None
        elif request_id not in self._live:
            self._backlog[request_id] = None
        self._news.set()

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False
        for later, _ in self._later.values():
            later.cancel()
        for waiting in (
            self._live,
            self._backlog,
            self._again,
            self._failing,
            self._begun,
            self._later,
        ):
            waiting.clear()

    async def finish(self) -> None:
        """Start on nothing more, and wait for what is being worked on."""
        self.close()
        await self._idle.wait()

    async def run(
        self, work: Work, *, room: Room = lambda _live: True, at_once: int = AT_ONCE
    ) -> None:
        """Work on ids until cancelled, on up to `at_once` of them at a time.

        Ids wait while there is no `room` for them, which is asked whenever something was added.
        """
        async with asyncio.TaskGroup() as workers:
            for _ in range(at_once):
                workers.create_task(self._worker(work, room))

    def retry(self, request_id: str, error: Exception, *, live: bool) -> None:
        """Come back to an id after a pause, as live as it was, since something stood in the way."""
        if not self._open:
            return
        later = self._later.pop(request_id, None)
        # Messages of one request that fail together are one failure.
        failures = self._count_failure(request_id, error, first=later is None)
        limit = min(_FIRST_RETRY * 2 ** min(failures - 1, 10), self._longest_pause)
        pause = limit * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads load
        if isinstance(error, SLACK_ERRORS):
            pause = max(pause, rest_asked(error))
        _log_failure(request_id, error, failures, pause, first=later is None)
        self._news.set()
        if later is not None:
            later[0].cancel()
            live = live or later[1]
        if request_id not in self._again:
            self._come_back(request_id, pause, live=live)

    def postpone(self, request_id: str, seconds: float) -> None:
        """Come back to an id after so long, unless something brings it up before."""
        if self._open and request_id not in self._later:
            self._come_back(request_id, seconds, live=False)

    def _count_failure(self, request_id: str, error: Exception, *, first: bool) -> int:
        now = asyncio.get_running_loop().time()
        known = self._failing.get(request_id) or _Failing(now, error)
        failing = self._failing[request_id] = replace(known, error=error, count=known.count + first)
        return failing.count

    def _come_back(self, request_id: str, seconds: float, *, live: bool) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._due, request_id)
        self._later[request_id] = timer, live

    async def _worker(self, work: Work, room: Room) -> None:
        while True:
            request_id, live = await self._next(room)
            try:
                done = await work(request_id, live)
            except Exception as error:  # noqa: BLE001 - one request's trouble is not another's
                self.retry(request_id, error, live=live)
            else:
                self._note(request_id, done=done)
            finally:
                self._working.discard(request_id)
                if not self._working:
                    self._idle.set()
                if request_id in self._again:
                    self.add(request_id, live=self._again.pop(request_id))

    def _note(self, request_id: str, *, done: bool) -> None:
        """Count as a success only that something was sent: most looks find nothing to do."""
        if not done:
            self._begun.add(request_id)
        elif self._failing.pop(request_id, None) or request_id in self._begun:
            self._begun.discard(request_id)
            self._succeeded_at = asyncio.get_running_loop().time()

    async def _next(self, room: Room) -> tuple[str, bool]:
        while (live := self._turn(room)) is None:
            self._news.clear()
            await self._news.wait()
        self._taken += 1
        request_id, _ = (self._live if live else self._backlog).popitem(last=False)
        self._working.add(request_id)
        self._idle.clear()
        return request_id, live

    def _turn(self, room: Room) -> bool | None:
        """Whether what is live has its turn or the backlog; None if neither."""
        waiting = {True: self._live, False: self._backlog}
        first = self._taken % _TURNS != _TURNS - 1
        return next((live for live in (first, not first) if waiting[live] and room(live)), None)

    def _due(self, request_id: str) -> None:
        _, live = self._later.pop(request_id)
        self.add(request_id, live=live)


def _cannot_be_shown(failing: Sequence[_Failing]) -> str:
    if not failing:
        return ""
    what = "1 access request is" if len(failing) == 1 else f"{len(failing)} access requests are"
    return f"what {what} to show cannot be shown: {in_words(failing[-1].error)}"


def _log_failure(
    request_id: str, error: Exception, failures: int, pause: float, *, first: bool
) -> None:
    """What is not foreseen is a mistake of ours, and is always told, with its traceback.

    Of the rest, `first` of those that fail together, and what goes on failing ever more rarely:
    the first time, the second, the fourth. The others are for whoever looks closely.
    """
    said: Callable[..., object]
    if not isinstance(error, (*SLACK_ERRORS, TeleportError, NotSending)):
        said = partial(log.error, exc_info=error)
    elif first and not failures & (failures - 1):
        said = log.warning
    else:
        said = log.debug
    said(
        "reconcile_failed",
        request_id=request_id,
        error=in_words(error),
        failures=failures,
        retry_in=round(pause, 1),
    )

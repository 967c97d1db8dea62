"""The controller: followers on every replica, and each kind of work where it may run.

Start: all followers and all work that needs no lease run at once. Leader election starts when
`synced` is set, so that a replica that can't see Teleport's state never becomes the leader.

Stop (`finish`, before `run` is cancelled): a replica without the lease stops its election at once.
The leader lets messages in flight be sent and recorded first, and releases the lease after that, so
that the next leader finds everything on record. The election task is cancelled once only: a second
cancellation would interrupt the cleanup that the first one started.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any

import structlog

from notifications.controller.error_group import first_error
from notifications.controller.lease import Leadership
from notifications.controller.work import Work
from notifications.following.follower import Follower
from teleport_client.errors import TeleportError
from workspace.backoff import Backoff

_BACKOFF = Backoff(first=0.5, longest=60.0, steady=60.0)
"""Delays after work without the lease that Teleport made fail."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Controller:
    def __init__(
        self,
        *,
        followers: Sequence[Follower[Any]],
        works: Sequence[Work],
        leadership: Leadership,
        synced: asyncio.Event,
        backoff: Backoff = _BACKOFF,
    ) -> None:
        self.leadership = leadership
        self._followers = followers
        self._works = works
        self._led = [work for work in works if work.requires_lease]
        self._synced = synced
        self._backoff = backoff
        self._leading: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Run until cancelled. Messages in flight are sent and recorded even then."""
        async with asyncio.TaskGroup() as parts:
            for follower in self._followers:
                parts.create_task(follower.run())
            for work in self._works:
                if not work.requires_lease:
                    parts.create_task(self._run_without_lease(work))
            if self._led:
                self._leading = parts.create_task(self._lead())

    async def finish(self, seconds: float) -> None:
        """Finish all work within so many seconds, then release the lease."""
        if not self.leadership.held:
            self._stop_leading()
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(work.finish() for work in self._works))
        except TimeoutError:
            for work in self._works:
                work.cancel()
        self._stop_leading()

    def _stop_leading(self) -> None:
        leading, self._leading = self._leading, None
        if leading is not None:
            leading.cancel()

    async def _lead(self) -> None:
        await self._synced.wait()
        await self.leadership.run(self._run_with_lease)

    async def _run_with_lease(self) -> None:
        for work in self._led:
            await work.prepare()
        self.leadership.report_ready()
        async with asyncio.TaskGroup() as parts:
            for work in self._led:
                parts.create_task(work.run())

    async def _run_without_lease(self, work: Work) -> None:
        """Run work on this replica, and again with backoff if Teleport makes it fail."""
        attempt = 0
        while True:
            started = monotonic()
            error = await _error_of(work)
            attempt = self._backoff.next_attempt(attempt, lasted=monotonic() - started)
            delay = self._backoff.delay(attempt)
            log.warning(
                "work_failed",
                work=work.name,
                error=str(error),
                retry_in_seconds=round(delay, 1),
            )
            await asyncio.sleep(delay)


async def _error_of(work: Work) -> Exception | None:
    """Run work until Teleport makes it fail. Raises any other error."""
    error = None
    try:
        await work.prepare()
        await work.run()
    except* TeleportError as errors:
        error = first_error(errors)
    return error

"""Who notifies: of all replicas the one that holds a Teleport semaphore's only lease."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import structlog

from teleport_client.client import TeleportClient
from teleport_client.errors import LimitExceeded, NotFound, PermissionDenied, TeleportError
from teleport_client.model.cluster import Lease

KIND = "teleport-chatops"
_FIRST_PAUSE = 0.5
_MAX_DENIALS = 2
"""In a row, after which the bot's role has no verbs for semaphores; one alone may pass."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LeaseTiming:
    """Seconds."""

    duration: float = 20.0
    renew_interval: float = 5.0
    renew_deadline: float = 10.0
    """Unable to renew for this long, by our own clock, we stop: the rest of the TTL covers a Slack
    call that is under way and a difference between clocks."""
    call_timeout: float = 4.0
    max_backoff: float = 30.0
    """After work that ended at once."""

    def scaled(self, factor: float) -> "LeaseTiming":
        return LeaseTiming(
            duration=self.duration / factor,
            renew_interval=self.renew_interval / factor,
            renew_deadline=self.renew_deadline / factor,
            call_timeout=self.call_timeout / factor,
            max_backoff=self.max_backoff / factor,
        )


class LeaseLost(Exception):
    """Somebody else may hold it by now."""


class Leadership:
    """Runs work for as long as this replica holds the lease called `name`."""

    def __init__(
        self,
        teleport: TeleportClient,
        name: str,
        *,
        holder: str,
        now: Callable[[], datetime],
        times: LeaseTiming = LeaseTiming(),
    ) -> None:
        self._teleport = teleport
        self._name = name
        self._holder = holder
        self._now = now
        self._times = times
        self._renewed = 0.0
        self._lease: Lease | None = None
        self._standalone = False
        """The bot's role has no verbs for semaphores, so it has to be the only replica."""
        self._lease_seen = False
        """Whether leases were given before, here or to another."""
        self._held = False
        self.problem = ""
        """Why nobody is told anything from here; empty as well while another replica does. Work
        empties it once it goes well."""

    @property
    def held(self) -> bool:
        """Whether this replica may send now."""
        return self._held and (
            self._standalone or monotonic() - self._renewed < self._times.renew_deadline
        )

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lease, do `work` while it lasts, and so on until cancelled.

        Work that fails because of Teleport is started again after a pause; anything else ends this.
        """
        pause, longest = _FIRST_PAUSE, self._times.max_backoff
        while True:
            lease = await self._acquire()
            log.info("lease_acquired", lease=self._name, standalone=self._standalone)
            started = monotonic()
            self._held = True
            try:
                await self._work_while_held(lease, work)
            except* (LeaseLost, TeleportError) as errors:
                self.problem = str(errors.exceptions[0])
                log.warning("lease_lost", lease=self._name, error=self.problem)
            finally:
                self._held = False
                await self._release()
            lasted = monotonic() - started > longest
            pause = _FIRST_PAUSE if lasted else min(pause * 2, longest)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311

    @property
    def standalone(self) -> bool:
        """Whether it works without a lease, and any other replica would do so too."""
        return self._held and self._standalone

    async def _acquire(self) -> Lease | None:
        """Give None when semaphores are forbidden to us, and always were."""
        refusals = 0
        while True:
            try:
                self._lease = await self._request_lease()
            except PermissionDenied as error:
                self.problem = f"the lease is refused: {error}"
                log.warning("lease_denied", error=str(error))
                refusals += 1
            except LimitExceeded:
                self.problem, refusals, self._lease_seen = "", 0, True
                log.debug("lease_held_elsewhere", lease=self._name)
            except TeleportError as error:
                self.problem = f"the lease cannot be had: {error}"
                log.warning("lease_acquire_failed", error=str(error))
            else:
                return self._lease
            self._standalone = refusals >= _MAX_DENIALS and not self._lease_seen
            if self._standalone:
                return None
            await asyncio.sleep(self._times.renew_interval * random.uniform(0.5, 1.0))  # noqa: S311

    async def _request_lease(self) -> Lease:
        started = monotonic()
        lease = await self._teleport.acquire_semaphore(
            KIND,
            self._name,
            holder=self._holder,
            expires=self._end(),
            deadline=self._times.call_timeout,
        )
        self._standalone, self._lease_seen = False, True
        self._renewed = started
        return lease

    async def _work_while_held(
        self, lease: Lease | None, work: Callable[[], Awaitable[None]]
    ) -> None:
        """Raise what ends the work or the lease.

        Not a group of tasks: cancelled while it fails, it tells of the failure and forgets the
        cancellation (before Python 3.13).
        """
        keeping = self._renew(lease) if lease is not None else self._wait_until_allowed()
        tasks = {asyncio.create_task(_awaited(work)), asyncio.create_task(keeping)}
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in ended:
            task.result()

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(self._times.renew_interval)
            started = monotonic()
            try:
                self._lease = await self._teleport.renew_lease(
                    lease,
                    expires=self._end(),
                    deadline=self._times.call_timeout,
                )
                self._renewed = started
            except NotFound as error:
                raise LeaseLost("the lease ran out") from error
            except TeleportError as error:
                log.warning("lease_renew_failed", error=str(error))
            if not self.held:
                raise LeaseLost(f"not renewed for {self._times.renew_deadline:g} s")

    async def _wait_until_allowed(self) -> None:
        """Where there are leases after all, others may hold one: work has to be begun with one."""
        while True:
            await asyncio.sleep(self._times.renew_interval)
            try:
                self._lease = await self._request_lease()
            except LimitExceeded as error:
                raise LeaseLost("another replica holds the lease") from error
            except TeleportError as error:
                log.debug("lease_still_denied", error=str(error))
            else:
                raise LeaseLost("the lease is not refused any more")

    def _end(self) -> datetime:
        return self._now() + timedelta(seconds=self._times.duration)

    async def _release(self) -> None:
        """Teleport takes back only a lease that names its present end."""
        if self._lease is None:
            return
        lease, self._lease = self._lease, None
        try:
            await self._teleport.cancel_lease(lease, deadline=self._times.call_timeout)
        except TeleportError as error:
            log.info("lease_release_failed", error=str(error))


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()

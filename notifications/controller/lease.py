"""Leader election: the leader is the replica that holds the only lease of a Teleport semaphore.

Two leaders would send messages twice. The old leader must therefore stop before the next one can
start, although their clocks differ and the old one may be cut off from Teleport:

- A lease ends `duration` seconds after its last renewal. Teleport judges that by its own clock.
- The leader stops when it couldn't renew for `renew_deadline` seconds of its monotonic clock,
  counted from the start of the last successful call. The rest of `duration` covers the Slack call
  in flight and the difference between the clocks.

Without the verbs for semaphores the bot runs standalone: it leads without a lease. That needs
several denials in a row, and no lease seen before by this replica, since another replica may hold
one that was granted before the permission was revoked. A standalone replica goes on asking: once it
gets a lease, it starts its work again as an ordinary leader.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import structlog

from notifications.controller.error_group import first_error
from teleport_client.client import TeleportClient
from teleport_client.errors import LimitExceeded, NotFound, PermissionDenied, TeleportError
from teleport_client.model.cluster import Lease
from workspace.backoff import Backoff
from workspace.conditions import Component

KIND = "teleport-chatops"
_MAX_DENIALS = 2
"""Denials in a row that show that the bot's role has no verbs for semaphores."""

_BACKOFF = Backoff(first=0.5, longest=30.0, steady=30.0)
"""Delays between the end of a term and the next election."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LeaseTiming:
    """Seconds."""

    duration: float = 20.0
    renew_interval: float = 5.0
    renew_deadline: float = 10.0
    call_timeout: float = 4.0
    backoff: Backoff = _BACKOFF

    def scaled(self, factor: float) -> "LeaseTiming":
        return LeaseTiming(
            duration=self.duration / factor,
            renew_interval=self.renew_interval / factor,
            renew_deadline=self.renew_deadline / factor,
            call_timeout=self.call_timeout / factor,
            backoff=self.backoff.scaled(factor),
        )


class LeaseLost(Exception):
    """Another replica may hold the lease by now."""


class Leadership:
    """Runs work while this replica holds the lease called `name`.

    The condition is ready on other replicas too: they work as they should.
    """

    def __init__(
        self,
        teleport: TeleportClient,
        name: str,
        *,
        holder: str,
        now: Callable[[], datetime],
        condition: Component,
        times: LeaseTiming = LeaseTiming(),
    ) -> None:
        self._teleport = teleport
        self._name = name
        self._holder = holder
        self._now = now
        self.condition = condition
        self._times = times
        self._renewed = 0.0
        self._lease: Lease | None = None
        self._standalone = False
        self._lease_seen = False
        """This or another replica had a lease before."""
        self._held = False

    @property
    def held(self) -> bool:
        """Whether this replica may send now."""
        return self._held and (
            self._standalone or monotonic() - self._renewed < self._times.renew_deadline
        )

    def report_ready(self) -> None:
        """Clear the error of an earlier term. Work calls this when it has loaded its state."""
        self.condition.ready()

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lease, run `work` while it is held, and repeat until cancelled.

        Work that fails because of Teleport starts again after a delay. Other errors are raised.
        """
        attempt = 0
        while True:
            lease = await self._acquire()
            log.info("lease_acquired", lease=self._name, standalone=self._standalone)
            started = monotonic()
            self._held = True
            try:
                await self._work_while_held(lease, work)
            except* (LeaseLost, TeleportError) as errors:
                reason = str(first_error(errors))
                self.condition.not_ready(reason)
                log.warning("lease_lost", lease=self._name, error=reason)
            finally:
                self._held = False
                await self._release()
            attempt = self._times.backoff.next_attempt(attempt, lasted=monotonic() - started)
            await asyncio.sleep(self._times.backoff.delay(attempt))

    @property
    def standalone(self) -> bool:
        """Return whether this replica leads without a lease, as any other replica would."""
        return self._held and self._standalone

    async def _acquire(self) -> Lease | None:
        """Wait for the lease. Return None to lead standalone."""
        denials = 0
        while True:
            try:
                self._lease = await self._request_lease()
            except PermissionDenied as error:
                self.condition.not_ready(f"the lease is refused: {error}")
                log.warning("lease_denied", error=str(error))
                denials += 1
            except LimitExceeded:
                self.condition.ready()
                denials, self._lease_seen = 0, True
                log.debug("lease_held_elsewhere", lease=self._name)
            except TeleportError as error:
                self.condition.not_ready(f"the lease can't be acquired: {error}")
                log.warning("lease_acquire_failed", error=str(error))
            else:
                return self._lease
            self._standalone = denials >= _MAX_DENIALS and not self._lease_seen
            if self._standalone:
                return None
            await asyncio.sleep(self._times.renew_interval * random.uniform(0.5, 1.0))  # noqa: S311

    async def _request_lease(self) -> Lease:
        started = monotonic()
        lease = await self._teleport.semaphores.acquire(
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
        """Run `work` until it or the lease ends. Raises the error of either.

        Not a TaskGroup: one that is cancelled while it fails raises the failure and forgets the
        cancellation (before Python 3.13).
        """
        renewing = self._renew(lease) if lease is not None else self._wait_until_allowed()
        tasks = {asyncio.ensure_future(work()), asyncio.create_task(renewing)}
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
                self._lease = await self._teleport.semaphores.renew(
                    lease,
                    expires=self._end(),
                    deadline=self._times.call_timeout,
                )
                self._renewed = started
            except NotFound as error:
                raise LeaseLost("the lease expired") from error
            except TeleportError as error:
                log.warning("lease_renew_failed", error=str(error))
            if not self.held:
                raise LeaseLost(f"not renewed for {self._times.renew_deadline:g} s")

    async def _wait_until_allowed(self) -> None:
        """Ask for a lease while standalone. Raises LeaseLost once the server grants leases."""
        while True:
            await asyncio.sleep(self._times.renew_interval)
            try:
                self._lease = await self._request_lease()
            except LimitExceeded as error:
                raise LeaseLost("another replica holds the lease") from error
            except TeleportError as error:
                log.debug("lease_still_denied", error=str(error))
            else:
                raise LeaseLost("the lease is no longer refused")

    def _end(self) -> datetime:
        return self._now() + timedelta(seconds=self._times.duration)

    async def _release(self) -> None:
        """Cancel the lease. Teleport requires its current end, so the newest copy is needed."""
        if self._lease is None:
            return
        lease, self._lease = self._lease, None
        try:
            await self._teleport.semaphores.cancel(lease, deadline=self._times.call_timeout)
        except TeleportError as error:
            log.info("lease_release_failed", error=str(error))

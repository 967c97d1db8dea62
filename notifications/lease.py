"""Who notifies: of all replicas the one that holds a Teleport semaphore's only lease."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic

import structlog

from teleport_client.client import TeleportClient
from teleport_client.cluster import Lease
from teleport_client.errors import LimitExceeded, NotFound, PermissionDenied, TeleportError

KIND = "teleport-chatops"
TTL = timedelta(seconds=20)
RENEW_SECONDS = 5.0
GIVE_UP_SECONDS = 10.0
"""Unable to renew for this long, by our own clock, we stop: the rest of the TTL covers a Slack call
that is under way and a difference between clocks."""
_CALL_SECONDS = 4.0
_FIRST_PAUSE, _LAST_PAUSE = 0.5, 30.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


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
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        self._teleport = teleport
        self._name = name
        self._holder = holder
        self._now = now
        self._renew_seconds = renew_seconds
        self._renewed = 0.0
        self._lease: Lease | None = None
        self._alone = False
        """The bot's role has no verbs for semaphores, so it has to be the only replica."""
        self._held = False
        self.trouble = ""
        """Why nobody is told anything from here; empty as well while another replica does. Work
        empties it once it goes well."""

    @property
    def held(self) -> bool:
        """Whether this replica may send now."""
        return self._held and (self._alone or monotonic() - self._renewed < GIVE_UP_SECONDS)

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lease, do `work` while it lasts, and so on until cancelled.

        Work that fails because of Teleport is started again after a pause; anything else ends this.
        """
        pause = _FIRST_PAUSE
        while True:
            lease = await self._acquire()
            log.info("lease_acquired", name=self._name, alone=self._alone)
            started = monotonic()
            self._held = True
            try:
                await self._work_while_held(lease, work)
            except* (LeaseLost, TeleportError) as errors:
                self.trouble = str(errors.exceptions[0])
                log.warning("lease_lost", name=self._name, error=self.trouble)
            finally:
                self._held = False
                await self._let_go()
            pause = (
                _FIRST_PAUSE if monotonic() - started > _LAST_PAUSE else min(pause * 2, _LAST_PAUSE)
            )
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311

    async def _acquire(self) -> Lease | None:
        """Give None when semaphores are forbidden to us."""
        while True:
            started = monotonic()
            try:
                lease = await self._teleport.acquire_semaphore(
                    KIND,
                    self._name,
                    holder=self._holder,
                    expires=self._now() + TTL,
                    deadline=_CALL_SECONDS,
                )
            except PermissionDenied as error:
                log.warning("lease_forbidden", error=str(error))
                self._alone = True
                return None
            except LimitExceeded:
                self.trouble = ""
                log.debug("lease_taken", name=self._name)
            except TeleportError as error:
                self.trouble = f"the lease cannot be had: {error}"
                log.warning("lease_not_acquired", error=str(error))
            else:
                self._alone = False
                self._renewed = started
                self._lease = lease
                return lease
            await asyncio.sleep(self._renew_seconds * random.uniform(0.5, 1.0))  # noqa: S311

    async def _work_while_held(
        self, lease: Lease | None, work: Callable[[], Awaitable[None]]
    ) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_awaited(work))
            if lease is not None:
                tasks.create_task(self._renew(lease))

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(self._renew_seconds)
            started = monotonic()
            try:
                self._lease = await self._teleport.keep_lease(
                    lease, expires=self._now() + TTL, deadline=_CALL_SECONDS
                )
                self._renewed = started
            except NotFound as error:
                raise LeaseLost("the lease ran out") from error
            except TeleportError as error:
                log.warning("lease_not_renewed", error=str(error))
            if not self.held:
                raise LeaseLost(f"not renewed for {GIVE_UP_SECONDS:g} s")

    async def _let_go(self) -> None:
        """Teleport takes back only a lease that names its present end."""
        if self._lease is None:
            return
        lease, self._lease = self._lease, None
        try:
            await self._teleport.cancel_lease(lease, deadline=_CALL_SECONDS)
        except TeleportError as error:
            log.info("lease_not_cancelled", error=str(error))


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()

"""The leaders in Teleport, and how long each had an uninterrupted view of the cluster."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.teleport.state.cluster import Cluster

_LOOK_SECONDS = 0.05


@dataclass(slots=True)
class LeasePeriod:
    """Uninterrupted period of one leader.

    A dead leader keeps the lease until it expires. Stale lists interrupt a period, because then
    only an open watch reports new requests.
    """

    since: datetime
    until: datetime


class LeaseHistory:
    """Follows the semaphore with the lease that the replicas share."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._periods: list[LeasePeriod] = []
        self._last = ""

    async def follow(self) -> None:
        """Poll the lease until cancelled."""
        while True:
            self._look(datetime.now(UTC))
            await asyncio.sleep(_LOOK_SECONDS)

    def longest(self, start: datetime, end: datetime) -> timedelta:
        """Return the longest period of one leader between the two times."""
        shares = (min(end, each.until) - max(start, each.since) for each in self._periods)
        return max((timedelta(0), *shares))

    def _look(self, now: datetime) -> None:
        holder = "" if self._cluster.stale_lists else self._holder(now)
        if holder and self._periods and holder == self._last:
            self._periods[-1].until = now
        elif holder:
            self._periods.append(LeasePeriod(now, now))
        self._last = holder

    def _holder(self, now: datetime) -> str:
        """Return the ID of the current lease. There is one semaphore, which has one lease."""
        leases = (each for it in self._cluster.semaphores.values() for each in it.leases.items())
        return next((lease_id for lease_id, lease in leases if lease.expires > now), "")

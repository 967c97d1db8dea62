"""The leaders, and how long each had an uninterrupted view of the cluster, from Teleport's side."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.teleport.state.cluster import Cluster

_LOOK_SECONDS = 0.05


@dataclass(slots=True)
class LeasePeriod:
    """One leader's uninterrupted period. A dead leader keeps the lease until it expires.

    Stale lists interrupt it: then only an open watch reports new requests.
    """

    since: datetime
    until: datetime


class LeaseHistory:
    """Follows the semaphores of a cluster, with the one lease that the replicas share."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._periods: list[LeasePeriod] = []
        self._last = ""

    async def follow(self) -> None:
        """Look until cancelled."""
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
        """Id of the lease that is held; there is one semaphore, which has one lease."""
        leases = (each for it in self._cluster.semaphores.values() for each in it.leases.items())
        return next((lease_id for lease_id, lease in leases if lease.expires > now), "")

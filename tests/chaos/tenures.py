"""Who held the lease, and how long on end, as Teleport saw it."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.teleport.cluster import Cluster

_LOOK_SECONDS = 0.05


@dataclass(slots=True)
class Tenure:
    """One holder's, without a break; a holder that is dead has it until it runs out."""

    lease: str
    since: datetime
    until: datetime


class Tenures:
    """Follows the semaphores of a cluster, whose one lease the replicas pass on."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._tenures: list[Tenure] = []

    async def follow(self) -> None:
        """Look until cancelled."""
        while True:
            self._look(datetime.now(UTC))
            await asyncio.sleep(_LOOK_SECONDS)

    def longest(self, start: datetime, end: datetime) -> timedelta:
        """How long on end somebody held it between the two."""
        shares = (min(end, each.until) - max(start, each.since) for each in self._tenures)
        return max(shares, default=timedelta(0))

    def _look(self, now: datetime) -> None:
        for leases in self._cluster.semaphores.values():
            for lease_id, lease in leases.items():
                if lease.expires > now:
                    self._held(lease_id, now)

    def _held(self, lease_id: str, now: datetime) -> None:
        if self._tenures and self._tenures[-1].lease == lease_id:
            self._tenures[-1].until = now
        else:
            self._tenures.append(Tenure(lease_id, now, now))

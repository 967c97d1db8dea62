"""Semaphores with a single lease, for leader election.

Teleport's clock decides when a lease expires. Only `acquire` checks the number of leases; a lease
that has expired can't be renewed.
"""

from dataclasses import replace
from datetime import datetime

from teleport_client._proto import types_pb2 as types
from teleport_client.model.cluster import Lease
from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import DEADLINE
from teleport_client.rpc.timestamps import time_from, time_to


class SemaphoreService:
    def __init__(self, channel: RpcChannel) -> None:
        self._auth = channel.auth

    async def acquire(
        self, kind: str, name: str, *, holder: str, expires: datetime, deadline: float = DEADLINE
    ) -> Lease:
        """Acquire the only lease of a semaphore. Raises LimitExceeded if it is held."""
        message = await self._auth.AcquireSemaphore(
            types.AcquireSemaphoreRequest(
                SemaphoreKind=kind,
                SemaphoreName=name,
                MaxLeases=1,
                Expires=time_to(expires),
                Holder=holder,
            ),
            timeout=deadline,
        )
        return lease_from(message, fallback=expires)

    async def renew(self, lease: Lease, *, expires: datetime, deadline: float = DEADLINE) -> Lease:
        """Extend a lease. Raises NotFound if it has expired."""
        renewed = replace(lease, expires=expires)
        await self._auth.KeepAliveSemaphoreLease(lease_to(renewed), timeout=deadline)
        return renewed

    async def cancel(self, lease: Lease, *, deadline: float = DEADLINE) -> None:
        await self._auth.CancelSemaphoreLease(lease_to(lease), timeout=deadline)


def lease_from(message: types.SemaphoreLease, *, fallback: datetime) -> Lease:
    return Lease(
        kind=message.SemaphoreKind,
        name=message.SemaphoreName,
        id=message.LeaseID,
        expires=time_from(message.Expires) or fallback,
    )


def lease_to(lease: Lease) -> types.SemaphoreLease:
    return types.SemaphoreLease(
        SemaphoreKind=lease.kind,
        SemaphoreName=lease.name,
        LeaseID=lease.id,
        Expires=time_to(lease.expires),
    )

"""Semaphores: one lease at a time, renewed, cancelled or expired."""

from datetime import timedelta
from typing import Any

import pytest
from grpc import StatusCode

from sandbox.teleport.timestamps import stamp
from teleport_client._proto.types_pb2 import AcquireSemaphoreRequest, SemaphoreLease
from tests.sandbox.teleport.standin_client import Auth, Clock, refused

TTL = timedelta(seconds=20)


def asking(clock: Clock, **fields: Any) -> AcquireSemaphoreRequest:
    given: dict[str, Any] = {
        "SemaphoreKind": "teleport-chatops",
        "SemaphoreName": "T1",
        "MaxLeases": 1,
        "Expires": stamp(clock() + TTL),
        "Holder": "replica-1",
    }
    return AcquireSemaphoreRequest(**(given | fields))


async def test_one_lease(bot: Auth, clock: Clock) -> None:
    """While one holder has the only lease, no other gets one. Another name is free."""
    lease = await bot.AcquireSemaphore(asking(clock))
    assert (lease.SemaphoreKind, lease.SemaphoreName) == ("teleport-chatops", "T1")
    assert lease.Expires == stamp(clock() + TTL)
    assert await refused(bot.AcquireSemaphore(asking(clock))) == (
        StatusCode.RESOURCE_EXHAUSTED,
        "cannot acquire semaphore teleport-chatops/T1 (err-max-leases)",
    )
    await bot.AcquireSemaphore(asking(clock, SemaphoreName="T2"))
    await bot.AcquireSemaphore(asking(clock, MaxLeases=2))


async def test_lease_expires(bot: Auth, clock: Clock) -> None:
    """A lease that is not renewed is free again at its end, and cannot be renewed any more."""
    lease = await bot.AcquireSemaphore(asking(clock))
    clock.advance(seconds=20)
    await bot.AcquireSemaphore(asking(clock))
    lease.Expires.CopyFrom(stamp(clock() + TTL))
    assert await refused(bot.KeepAliveSemaphoreLease(lease)) == (
        StatusCode.NOT_FOUND,
        f'cannot keepalive, lease not found: "{lease.LeaseID}"',
    )


async def test_renewed_lease_lasts(bot: Auth, clock: Clock) -> None:
    """Renewing moves the end, so that the semaphore stays taken."""
    lease = await bot.AcquireSemaphore(asking(clock))
    for _ in range(3):
        clock.advance(seconds=15)
        lease.Expires.CopyFrom(stamp(clock() + TTL))
        await bot.KeepAliveSemaphoreLease(lease)
    code, _ = await refused(bot.AcquireSemaphore(asking(clock)))
    assert code == StatusCode.RESOURCE_EXHAUSTED


async def test_cancelled_lease_is_free_at_once(bot: Auth, clock: Clock) -> None:
    """Cancelling hands the semaphore on, once."""
    lease = await bot.AcquireSemaphore(asking(clock))
    await bot.CancelSemaphoreLease(lease)
    assert await refused(bot.CancelSemaphoreLease(lease)) == (
        StatusCode.NOT_FOUND,
        f'cannot cancel, lease not found: "{lease.LeaseID}"',
    )
    await bot.AcquireSemaphore(asking(clock))


async def test_renewal_into_the_past(bot: Auth, clock: Clock) -> None:
    """A lease that ends in the past by the server's clock is rejected."""
    lease = await bot.AcquireSemaphore(asking(clock))
    clock.advance(seconds=21)
    code, details = await refused(bot.KeepAliveSemaphoreLease(lease))
    assert code == StatusCode.INVALID_ARGUMENT
    assert details.startswith(f"lease {lease.LeaseID} has expired at ")


@pytest.mark.parametrize(
    ("field", "value"),
    [("SemaphoreKind", ""), ("SemaphoreName", ""), ("MaxLeases", 0), ("Expires", stamp(None))],
)
async def test_missing_parameter(bot: Auth, clock: Clock, field: str, value: object) -> None:
    """Every parameter must be given; year 1 is not a time."""
    assert await refused(bot.AcquireSemaphore(asking(clock, **{field: value}))) == (
        StatusCode.INVALID_ARGUMENT,
        f"missing parameter {field}",
    )


async def test_missing_lease_id(bot: Auth) -> None:
    """Renewing needs the id of the lease."""
    lease = SemaphoreLease(SemaphoreKind="k", SemaphoreName="n")
    assert await refused(bot.KeepAliveSemaphoreLease(lease)) == (
        StatusCode.INVALID_ARGUMENT,
        "missing parameter LeaseID",
    )


async def test_verbs(alice: Auth, clock: Clock) -> None:
    """Both verbs that are missing are named."""
    assert await refused(alice.AcquireSemaphore(asking(clock))) == (
        StatusCode.PERMISSION_DENIED,
        (
            'access denied to perform action "create" on "semaphore", '
            'access denied to perform action "update" on "semaphore"'
        ),
    )

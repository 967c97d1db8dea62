"""Semaphores (api/types/semaphore.go, lib/services/local/presence.go)."""

from typing import Any
from uuid import uuid4

from grpc import StatusCode

from teleport_client._proto.types_pb2 import AcquireSemaphoreRequest, SemaphoreLease
from tests.server_rules.server import Server, auth, in_future, refusal

_KIND = "teleport-chatops-rules"


def _wanted(**fields: Any) -> AcquireSemaphoreRequest:
    given: dict[str, Any] = {
        "SemaphoreKind": _KIND,
        "SemaphoreName": str(uuid4()),
        "MaxLeases": 1,
        "Expires": in_future(seconds=20),
        "Holder": "rules",
    }
    return AcquireSemaphoreRequest(**(given | fields))


def _lease(name: str, **expires: float) -> SemaphoreLease:
    """A lease without a holder."""
    return SemaphoreLease(
        SemaphoreKind=_KIND,
        SemaphoreName=name,
        LeaseID=str(uuid4()),
        Expires=in_future(**expires),
    )


async def acquiring_into_the_past_is_refused(server: Server) -> None:
    """A client with a slow clock gets this error."""
    call = auth(server, "bot").AcquireSemaphore(_wanted(Expires=in_future(seconds=-20)))
    assert await refusal(call) == (
        StatusCode.INVALID_ARGUMENT,
        "cannot acquire expired semaphore lease",
    )


async def negative_number_of_leases_counts_as_taken(server: Server) -> None:
    """The first lease creates the semaphore, and even that one is checked against the number."""
    wanted = _wanted(MaxLeases=-1)
    code, text = await refusal(auth(server, "bot").AcquireSemaphore(wanted))
    assert code == StatusCode.RESOURCE_EXHAUSTED
    assert text == f"cannot acquire semaphore {_KIND}/{wanted.SemaphoreName} (err-max-leases)"


async def keeping_a_lease_needs_its_semaphore(server: Server) -> None:
    name = str(uuid4())
    call = auth(server, "bot").KeepAliveSemaphoreLease(_lease(name, seconds=20))
    assert await refusal(call) == (
        StatusCode.NOT_FOUND,
        f"cannot keepalive, semaphore not found: {_KIND}/{name}",
    )


async def cancelling_a_lease_needs_its_semaphore(server: Server) -> None:
    name = str(uuid4())
    call = auth(server, "bot").CancelSemaphoreLease(_lease(name, seconds=20))
    assert await refusal(call) == (
        StatusCode.NOT_FOUND,
        f"key /semaphores/{_KIND}/{name} is not found",
    )


async def foreign_lease_of_a_semaphore_is_not_found(server: Server) -> None:
    """The semaphore exists, and the lease is not one of its leases."""
    bot = auth(server, "bot")
    held = await bot.AcquireSemaphore(_wanted())
    foreign = _lease(held.SemaphoreName, seconds=20)
    for call, verb in (
        (bot.KeepAliveSemaphoreLease(foreign), "keepalive"),
        (bot.CancelSemaphoreLease(foreign), "cancel"),
    ):
        assert await refusal(call) == (
            StatusCode.NOT_FOUND,
            f'cannot {verb}, lease not found: "{foreign.LeaseID}"',
        )


async def lease_that_has_expired_is_neither_kept_nor_cancelled(server: Server) -> None:
    bot = auth(server, "bot")
    lease = _lease(str(uuid4()), seconds=-20)
    for call, text in (
        (bot.KeepAliveSemaphoreLease(lease), f"lease {lease.LeaseID} has expired at "),
        (bot.CancelSemaphoreLease(lease), f"the lease {lease.LeaseID} has expired at "),
    ):
        code, details = await refusal(call)
        assert (code, details[: len(text)]) == (StatusCode.INVALID_ARGUMENT, text)

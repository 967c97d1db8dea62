"""Locks apply to the caller, not to the user it acts for (lib/authz/permissions.go)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import grpc
from grpc import StatusCode

from teleport_client._proto.authservice_pb2 import (
    DELETE,
    INIT,
    PUT,
    DeleteLockRequest,
    Event,
    GetLockRequest,
    GetLocksRequest,
    ListAccessRequestsRequest,
    Watch,
)
from teleport_client._proto.types_pb2 import (
    LockSpecV2,
    LockTarget,
    LockV2,
    Metadata,
    WatchKind,
)
from tests.server_rules.caches import eventually
from tests.server_rules.requesting import wanted
from tests.server_rules.server import Auth, Name, Server, auth, in_future, refusal

_PATIENCE, _PAUSE = 10.0, 0.1
"""Seconds. A real server looks at locks through a watcher of its own."""


async def lock_on_a_user_refuses_only_their_own_calls(server: Server) -> None:
    async with _locked(server, LockTarget(User="alice")):
        await auth(server, "bot").CreateAccessRequestV2(wanted())


async def lock_with_more_conditions_refuses_the_user_too(server: Server) -> None:
    """A lock on a user with one login stops everything that the user does."""
    async with _locked(server, LockTarget(User="alice", Login="root")):
        query = GetLocksRequest(Targets=[LockTarget(User="alice")], InForceOnly=True)
        (found,) = (await auth(server, "bot").GetLocks(query)).Locks
        assert found.Spec.Target.Login == "root"


async def lock_of_the_same_name_is_replaced(server: Server) -> None:
    """The server fills in when and by whom a lock was created."""
    admin = auth(server, "admin")
    lock = _lock_on_request(Message="first")
    await admin.UpsertLock(lock)
    lock.Spec.Message = "second"
    await admin.UpsertLock(lock)
    locks = partial(_locks, server, lock, in_force=True)
    (found,) = await eventually(locks, lambda all_: [it.Spec.Message for it in all_] == ["second"])
    assert found.Metadata.Name == lock.Metadata.Name
    assert found.Spec.Message == "second"
    assert found.Spec.CreatedBy
    assert found.Spec.CreatedAt.seconds > 0
    await admin.DeleteLock(DeleteLockRequest(Name=lock.Metadata.Name))
    assert not await eventually(locks, lambda all_: not all_)


async def expired_lock_stays_and_is_not_in_force(server: Server) -> None:
    admin = auth(server, "admin")
    lock = _lock_on_request(Expires=in_future(minutes=-1))
    await admin.UpsertLock(lock)
    (found,) = await eventually(partial(_locks, server, lock, in_force=False), bool)
    assert found.Spec.Expires == lock.Spec.Expires
    assert not await _locks(server, lock, in_force=True)
    await admin.DeleteLock(DeleteLockRequest(Name=lock.Metadata.Name))


async def missing_lock_is_not_found(server: Server) -> None:
    name = str(uuid4())
    expected = (StatusCode.NOT_FOUND, f'lock "{name}" is not found')
    assert await refusal(auth(server, "bot").GetLock(GetLockRequest(Name=name))) == expected
    deleting = auth(server, "admin").DeleteLock(DeleteLockRequest(Name=name))
    assert await refusal(deleting) == expected


async def lock_without_a_target_is_refused(server: Server) -> None:
    lock = LockV2(Kind="lock", Version="v2", Metadata=Metadata(Name=str(uuid4())))
    assert await refusal(auth(server, "admin").UpsertLock(lock)) == (
        StatusCode.INVALID_ARGUMENT,
        "at least one target field must be set",
    )


async def locking_needs_the_verbs_create_and_update(server: Server) -> None:
    identities: tuple[Name, ...] = ("alice", "bob")
    for name in identities:
        call = auth(server, name).UpsertLock(_lock_on_request())
        code, text = await refusal(call)
        assert code is StatusCode.PERMISSION_DENIED
        for verb in ("create", "update"):
            assert f'access denied to perform action "{verb}" on "lock"' in text


async def locks_are_watched(server: Server) -> None:
    """A watch reports a lock as a whole, and its deletion by name."""
    admin = auth(server, "admin")
    stream = auth(server, "bot").WatchEvents(Watch(Kinds=[WatchKind(Kind="lock")]))
    lock = _lock_on_request(Message="on leave", Expires=in_future(hours=1))
    try:
        assert (await _event(stream, lock)).Type == INIT
        await admin.UpsertLock(lock)
        event = await _event(stream, lock)
        assert (event.Type, event.Lock.Spec.Message) == (PUT, "on leave")
        assert event.Lock.Spec.Target == lock.Spec.Target
        assert event.Lock.Spec.Expires == lock.Spec.Expires
        await admin.DeleteLock(DeleteLockRequest(Name=lock.Metadata.Name))
        event = await _event(stream, lock)
        assert (event.Type, event.ResourceHeader.Kind) == (DELETE, "lock")
    finally:
        stream.cancel()


async def _event(stream: "grpc.aio.UnaryStreamCall[Watch, Event]", lock: LockV2) -> Event:
    """Return INIT, or the next event of this lock: other rules have locks, too."""
    while True:
        event = await stream.read()
        assert isinstance(event, Event)
        name = event.Lock.Metadata.Name or event.ResourceHeader.Metadata.Name
        if event.Type == INIT or name == lock.Metadata.Name:
            return event


async def _locks(server: Server, lock: LockV2, *, in_force: bool) -> list[LockV2]:
    """Return the locks with this target. A real server lists them from a cache."""
    query = GetLocksRequest(Targets=[lock.Spec.Target], InForceOnly=in_force)
    return list((await auth(server, "bot").GetLocks(query)).Locks)


def _lock_on_request(**spec: Any) -> LockV2:
    """Return a lock on an access request that doesn't exist."""
    return LockV2(
        Kind="lock",
        Version="v2",
        Metadata=Metadata(Name=str(uuid4())),
        Spec=LockSpecV2(Target=LockTarget(AccessRequest=str(uuid4())), **spec),
    )


@asynccontextmanager
async def _locked(server: Server, target: LockTarget) -> AsyncIterator[None]:
    """Lock alice out while the block runs."""
    admin, alice = auth(server, "admin"), auth(server, "alice")
    name = str(uuid4())
    await admin.UpsertLock(
        LockV2(
            Kind="lock",
            Version="v2",
            Metadata=Metadata(Name=name),
            Spec=LockSpecV2(Target=target),
        )
    )
    try:
        await _until(alice, refused=True)
        assert await refusal(alice.CreateAccessRequestV2(wanted())) == (
            StatusCode.PERMISSION_DENIED,
            "access denied",
        )
        yield
    finally:
        await admin.DeleteLock(DeleteLockRequest(Name=name))
        await _until(alice, refused=False)


async def _until(auth: Auth, *, refused: bool) -> None:
    """Poll until the condition holds, because the server sends no event."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            if await _is_refused(auth) is refused:
                return
            await asyncio.sleep(_PAUSE)


async def _is_refused(auth: Auth) -> bool:
    try:
        await auth.ListAccessRequests(ListAccessRequestsRequest())
    except grpc.aio.AioRpcError as error:
        return error.code() is StatusCode.PERMISSION_DENIED
    return False

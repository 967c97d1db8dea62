"""Locks apply to the caller, not to the user it acts for (lib/authz/permissions.go)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import grpc
from grpc import StatusCode

from teleport_client._proto.authservice_pb2 import (
    DeleteLockRequest,
    GetLocksRequest,
    ListAccessRequestsRequest,
)
from teleport_client._proto.types_pb2 import LockSpecV2, LockTarget, LockV2, Metadata
from tests.server_rules.requesting import wanted
from tests.server_rules.server import Auth, Server, auth, refusal

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

"""Teleport locks. Reads need list and read on `lock`; `upsert` needs create and update."""

from collections.abc import Iterable

from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client.model.lock import Lock
from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import DEADLINE
from teleport_client.rpc.timestamps import time_from, time_to
from teleport_client.services.events import WatchedKind


class LockService:
    def __init__(self, channel: RpcChannel) -> None:
        self._auth = channel.auth

    async def list(self, *, deadline: float = DEADLINE) -> tuple[Lock, ...]:
        """Return all locks, also expired ones."""
        return await self._list(proto.GetLocksRequest(), deadline)

    async def list_in_force(
        self, user: str, roles: Iterable[str], *, deadline: float = DEADLINE
    ) -> tuple[Lock, ...]:
        """Return the locks in force on a user or on one of these roles."""
        query = proto.GetLocksRequest(Targets=_targets_to(user, roles), InForceOnly=True)
        return await self._list(query, deadline)

    async def list_in_force_on_request(
        self, request_id: str, *, deadline: float = DEADLINE
    ) -> tuple[Lock, ...]:
        """Return the locks in force on an access request."""
        target = types.LockTarget(AccessRequest=request_id)
        return await self._list(proto.GetLocksRequest(Targets=[target], InForceOnly=True), deadline)

    async def get(self, name: str, *, deadline: float = DEADLINE) -> Lock:
        return lock_from(
            await self._auth.GetLock(proto.GetLockRequest(Name=name), timeout=deadline)
        )

    async def upsert(self, lock: Lock, *, deadline: float = DEADLINE) -> None:
        """Create a lock, or replace the lock of the same name."""
        await self._auth.UpsertLock(lock_to(lock), timeout=deadline)

    async def _list(self, query: proto.GetLocksRequest, deadline: float) -> tuple[Lock, ...]:
        response = await self._auth.GetLocks(query, timeout=deadline)
        return tuple(map(lock_from, response.Locks))


def _targets_to(user: str, roles: Iterable[str]) -> list[types.LockTarget]:
    """Return targets; a lock that matches any of them applies."""
    return [types.LockTarget(User=user), *(types.LockTarget(Role=role) for role in roles)]


def lock_from(message: types.LockV2) -> Lock:
    target = message.Spec.Target
    return Lock(
        name=message.Metadata.Name,
        user=target.User,
        role=target.Role,
        access_request=target.AccessRequest,
        message=message.Spec.Message,
        expires=time_from(message.Spec.Expires),
        more_targets=_has_more_targets(target),
    )


def _has_more_targets(target: types.LockTarget) -> bool:
    """Return whether there are targets besides those of `Lock`, also of a newer Teleport."""
    known = types.LockTarget(User=target.User, Role=target.Role, AccessRequest=target.AccessRequest)
    return target.ByteSize() > known.ByteSize()


def lock_to(lock: Lock) -> types.LockV2:
    """Return the message. The server adds the author and the time of the creation."""
    target = types.LockTarget(User=lock.user, Role=lock.role, AccessRequest=lock.access_request)
    spec = types.LockSpecV2(Target=target, Message=lock.message)
    if lock.expires is not None:
        spec.Expires.CopyFrom(time_to(lock.expires))
    return types.LockV2(
        Kind=LOCKS.name, Version="v2", Metadata=types.Metadata(Name=lock.name), Spec=spec
    )


LOCKS: WatchedKind[Lock] = WatchedKind("lock", "Lock", lock_from)

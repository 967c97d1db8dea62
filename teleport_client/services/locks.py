"""Teleport locks. Needs list and read on `lock`."""

from collections.abc import Iterable

from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client.model.lock import Lock
from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import DEADLINE
from teleport_client.rpc.timestamps import time_from


class LockService:
    def __init__(self, channel: RpcChannel) -> None:
        self._auth = AuthServiceStub(channel.stubs)

    async def list_in_force(
        self, user: str, roles: Iterable[str], *, deadline: float = DEADLINE
    ) -> tuple[Lock, ...]:
        """Return the locks in force on a user or on one of these roles."""
        response = await self._auth.GetLocks(
            proto.GetLocksRequest(Targets=_targets_to(user, roles), InForceOnly=True),
            timeout=deadline,
        )
        return tuple(map(_lock_from, response.Locks))


def _targets_to(user: str, roles: Iterable[str]) -> list[types.LockTarget]:
    """Return targets; a lock that matches any of them applies."""
    return [types.LockTarget(User=user), *(types.LockTarget(Role=role) for role in roles)]


def _lock_from(message: types.LockV2) -> Lock:
    target = message.Spec.Target
    return Lock(
        user=target.User,
        role=target.Role,
        message=message.Spec.Message,
        expires=time_from(message.Spec.Expires),
    )

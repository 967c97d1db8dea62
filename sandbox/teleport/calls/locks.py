"""GetLocks: which interactions are refused."""

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.cluster import Cluster
from sandbox.teleport.timestamps import given
from teleport_client._proto.authservice_pb2 import GetLocksRequest, GetLocksResponse
from teleport_client._proto.types_pb2 import LockTarget, LockV2


def get_locks(cluster: Cluster, caller: Caller, query: GetLocksRequest) -> GetLocksResponse:
    """All that match one of the targets, and without targets all."""
    caller.demand("lock", "list", "read")
    return GetLocksResponse(
        Locks=[
            lock
            for lock in cluster.locks
            if _in_force(cluster, lock) or not query.InForceOnly
            if not query.Targets or any(_matches(it, lock) for it in query.Targets)
        ]
    )


def _in_force(cluster: Cluster, lock: LockV2) -> bool:
    expires = given(lock.Spec, "Expires")
    return expires is None or cluster.now() < expires


def _matches(wanted: LockTarget, lock: LockV2) -> bool:
    """All that is wanted stands in the lock, which may name more."""
    return bool(wanted.ListFields()) and all(
        getattr(lock.Spec.Target, field.name) == value for field, value in wanted.ListFields()
    )

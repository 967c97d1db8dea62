"""Calls for locks."""

from sandbox.teleport.audit import events
from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.errors import BadParameter, NotFound
from sandbox.teleport.go_text import quoted
from sandbox.teleport.rules.locks import in_force, meets
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.timestamps import clock_nanoseconds, given, stamp_at
from teleport_client._proto.authservice_pb2 import GetLocksRequest, GetLocksResponse
from teleport_client._proto.types_pb2 import LockV2


def get_lock(cluster: Cluster, caller: Caller, name: str) -> LockV2:
    caller.require("lock", "read")
    if not name:
        raise BadParameter("missing lock name")
    return _existing(cluster, name)


def get_locks(cluster: Cluster, caller: Caller, query: GetLocksRequest) -> GetLocksResponse:
    """Return the locks that match one of the targets, or all locks without targets."""
    caller.require("lock", "list", "read")
    return GetLocksResponse(
        Locks=[
            lock
            for _, lock in sorted(cluster.locks.items())
            if in_force(cluster, lock) or not query.InForceOnly
            if not query.Targets or any(meets(it, lock) for it in query.Targets)
        ]
    )


def upsert_lock(cluster: Cluster, caller: Caller, message: LockV2) -> None:
    caller.require("lock", "create", "update")
    lock = LockV2()
    lock.CopyFrom(message)
    if not lock.Metadata.Name:
        raise BadParameter("missing parameter Name")
    if not lock.Spec.Target.ListFields():
        raise BadParameter("at least one target field must be set")
    lock.Spec.CreatedBy = lock.Spec.CreatedBy or caller.name
    if given(lock.Spec, "CreatedAt") is None:
        lock.Spec.CreatedAt.CopyFrom(stamp_at(clock_nanoseconds(cluster.now())))
    stored = cluster.put_lock(lock)
    cluster.audit.emit(events.lock_created(caller.actor, stored))


def delete_lock(cluster: Cluster, caller: Caller, name: str) -> None:
    caller.require("lock", "delete")
    lock = _existing(cluster, name)
    cluster.delete_lock(name)
    cluster.audit.emit(events.lock_deleted(caller.actor, lock))


def _existing(cluster: Cluster, name: str) -> LockV2:
    if name not in cluster.locks:
        raise NotFound(f"lock {quoted(name)} is not found")
    return cluster.locks[name]

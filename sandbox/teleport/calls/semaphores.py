"""Semaphores: leases with a maximum number (api/types/semaphore.go).

`Expires` is an absolute time from the client, compared with this server's clock. A client with a
slow clock can therefore send an expiry in the past, which is an error.

Acquiring counts the leases that haven't expired. Keeping a lease alive replaces its expiry, but
can't restore an expired or canceled lease: the holder must acquire a new one. The calls run without
an `await`, so two clients can't get the last lease.
"""

from datetime import datetime
from uuid import uuid4

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.errors import (
    BadParameter,
    LimitExceeded,
    NotFound,
)
from sandbox.teleport.go_text import go_time, quoted
from sandbox.teleport.state.backend_keys import backend_key
from sandbox.teleport.state.cluster import Cluster, Lease, Semaphore
from sandbox.teleport.timestamps import given
from teleport_client._proto.types_pb2 import AcquireSemaphoreRequest, SemaphoreLease

_KIND = "semaphore"


def acquire(cluster: Cluster, caller: Caller, request: AcquireSemaphoreRequest) -> SemaphoreLease:
    """Return a new lease. Raises LimitExceeded if all leases are taken."""
    caller.require(_KIND, "create", "update")
    for field in ("SemaphoreKind", "SemaphoreName", "MaxLeases"):
        if not getattr(request, field):
            raise BadParameter(f"missing parameter {field}")
    expires = given(request, "Expires")
    if expires is None:
        raise BadParameter("missing parameter Expires")
    if expires < cluster.now():
        raise BadParameter("cannot acquire expired semaphore lease")
    kind, name = request.SemaphoreKind, request.SemaphoreName
    semaphore = _current(cluster, kind, name) or Semaphore(expires)
    semaphore.remove_expired(cluster.now())
    if len(semaphore.leases) >= request.MaxLeases:
        raise LimitExceeded(f"cannot acquire semaphore {kind}/{name} (err-max-leases)")
    lease_id = str(uuid4())
    semaphore.put(lease_id, Lease(expires, request.Holder))
    cluster.semaphores[kind, name] = semaphore
    return SemaphoreLease(
        SemaphoreKind=kind, SemaphoreName=name, LeaseID=lease_id, Expires=request.Expires
    )


def keep_alive(cluster: Cluster, caller: Caller, lease: SemaphoreLease) -> None:
    """Set a lease's expiry. Raises NotFound if it has expired or was canceled."""
    caller.require(_KIND, "update")
    expires = _require_expiry(lease)
    if expires < cluster.now():
        raise BadParameter(f"lease {lease.LeaseID} has expired at {go_time(expires)}")
    kind, name = lease.SemaphoreKind, lease.SemaphoreName
    semaphore = _current(cluster, kind, name)
    if semaphore is None:
        raise NotFound(f"cannot keepalive, semaphore not found: {kind}/{name}")
    semaphore.remove_expired(cluster.now())
    if lease.LeaseID not in semaphore.leases:
        raise NotFound(f"cannot keepalive, lease not found: {quoted(lease.LeaseID)}")
    holder = semaphore.leases[lease.LeaseID].holder
    semaphore.put(lease.LeaseID, Lease(expires, holder))


def cancel(cluster: Cluster, caller: Caller, lease: SemaphoreLease) -> None:
    caller.require(_KIND, "update")
    expires = _require_expiry(lease)
    if expires < cluster.now():
        raise BadParameter(f"the lease {lease.LeaseID} has expired at {go_time(expires)}")
    kind, name = lease.SemaphoreKind, lease.SemaphoreName
    semaphore = _current(cluster, kind, name)
    if semaphore is None:
        raise NotFound(f"key {backend_key('semaphores', kind, name)} is not found")
    if semaphore.leases.pop(lease.LeaseID, None) is None:
        raise NotFound(f"cannot cancel, lease not found: {quoted(lease.LeaseID)}")


def _require_expiry(lease: SemaphoreLease) -> datetime:
    for field in ("SemaphoreKind", "SemaphoreName", "LeaseID"):
        if not getattr(lease, field):
            raise BadParameter(f"missing parameter {field}")
    expires = given(lease, "Expires")
    if expires is None:
        raise BadParameter("missing lease expiry time")
    return expires


def _current(cluster: Cluster, kind: str, name: str) -> Semaphore | None:
    """Return the semaphore unless it has expired.

    Raises BadParameter for a kind or name that can't be part of a key.
    """
    backend_key("semaphores", kind, name)
    semaphore = cluster.semaphores.get((kind, name))
    return None if semaphore is None or semaphore.expires <= cluster.now() else semaphore

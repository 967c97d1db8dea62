"""Semaphores: leases of which only so many exist at a time (api/types/semaphore.go).

`Expires` is an absolute time that the client names and this side's clock judges.
"""

from uuid import uuid4

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.cluster import Cluster, Lease
from sandbox.teleport.errors import (
    BadParameter,
    LimitExceeded,
    NotFound,
)
from sandbox.teleport.go_text import quoted
from sandbox.teleport.timestamps import given, moment
from teleport_client._proto.types_pb2 import AcquireSemaphoreRequest, SemaphoreLease

_KIND = "semaphore"


def acquire(cluster: Cluster, caller: Caller, request: AcquireSemaphoreRequest) -> SemaphoreLease:
    """Raises LimitExceeded while all leases are taken."""
    caller.demand(_KIND, "create", "update")
    for field in ("SemaphoreKind", "SemaphoreName", "MaxLeases"):
        if not getattr(request, field):
            raise BadParameter(f"missing parameter {field}")
    expires = given(request, "Expires")
    if expires is None:
        raise BadParameter("missing parameter Expires")
    kind, name = request.SemaphoreKind, request.SemaphoreName
    leases = _current(cluster, kind, name)
    if len(leases) >= request.MaxLeases:
        raise LimitExceeded(f"cannot acquire semaphore {kind}/{name} (err-max-leases)")
    lease_id = str(uuid4())
    leases[lease_id] = Lease(expires, request.Holder)
    return SemaphoreLease(
        SemaphoreKind=kind, SemaphoreName=name, LeaseID=lease_id, Expires=request.Expires
    )


def keep_alive(cluster: Cluster, caller: Caller, lease: SemaphoreLease) -> None:
    """Raises NotFound for a lease that ran out or was cancelled."""
    caller.demand(_KIND, "update")
    _check(cluster, lease)
    leases = _current(cluster, lease.SemaphoreKind, lease.SemaphoreName)
    if lease.LeaseID not in leases:
        raise NotFound(f"cannot keepalive, lease not found: {quoted(lease.LeaseID)}")
    holder = leases[lease.LeaseID].holder
    leases[lease.LeaseID] = Lease(moment(lease.Expires), holder)


def cancel(cluster: Cluster, caller: Caller, lease: SemaphoreLease) -> None:
    caller.demand(_KIND, "update")
    _check(cluster, lease)
    leases = _current(cluster, lease.SemaphoreKind, lease.SemaphoreName)
    if leases.pop(lease.LeaseID, None) is None:
        raise NotFound(f"cannot cancel, lease not found: {quoted(lease.LeaseID)}")


def _check(cluster: Cluster, lease: SemaphoreLease) -> None:
    for field in ("SemaphoreKind", "SemaphoreName", "LeaseID"):
        if not getattr(lease, field):
            raise BadParameter(f"missing parameter {field}")
    expires = given(lease, "Expires")
    if expires is None:
        raise BadParameter("missing lease expiry time")
    if expires < cluster.now():
        raise BadParameter(f"lease {lease.LeaseID} has expired at {expires}")


def _current(cluster: Cluster, kind: str, name: str) -> dict[str, Lease]:
    """The leases of one semaphore, those that ran out removed."""
    now = cluster.now()
    leases = cluster.semaphores.setdefault((kind, name), {})
    for lease_id in [key for key, lease in leases.items() if lease.expires <= now]:
        del leases[lease_id]
    return leases

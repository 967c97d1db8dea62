"""Locks, and whom they keep from every call (lib/services/lock.go, lib/authz/permissions.go)."""

from collections.abc import Iterable, Iterator

from sandbox.teleport.cluster import Cluster
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.errors import AccessDenied
from sandbox.teleport.timestamps import given
from teleport_client._proto.types_pb2 import LockTarget, LockV2


def in_force(cluster: Cluster, lock: LockV2) -> bool:
    expires = given(lock.Spec, "Expires")
    return expires is None or cluster.now() < expires


def meets(target: LockTarget, lock: LockV2) -> bool:
    """Whether all that the target names stands in the lock, which may name more."""
    return bool(target.ListFields()) and all(
        getattr(lock.Spec.Target, field.name) == value for field, value in target.ListFields()
    )


def refuse_locked(cluster: Cluster, identity: Identity) -> None:
    """Raises AccessDenied, whose text does not tell the caller why."""
    targets = tuple(_targets(identity))
    if any(in_force(cluster, lock) and _any(targets, lock) for lock in cluster.locks.values()):
        raise AccessDenied("access denied")


def _targets(identity: Identity) -> Iterator[LockTarget]:
    """What of a login can be locked: its user, each of its roles, each request it has assumed."""
    yield LockTarget(User=identity.user)
    for role in identity.roles:
        yield LockTarget(Role=role)
    for request_id in identity.active_requests:
        yield LockTarget(AccessRequest=request_id)


def _any(targets: Iterable[LockTarget], lock: LockV2) -> bool:
    return any(meets(target, lock) for target in targets)

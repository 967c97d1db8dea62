"""Locks, and whom they keep from every call (lib/services/lock.go, lib/authz/permissions.go)."""

from collections.abc import Iterable, Iterator, Sequence

from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.errors import AccessDenied
from sandbox.teleport.go_text import quoted
from sandbox.teleport.state.cluster import Cluster
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
    requests = (LockTarget(AccessRequest=it) for it in identity.active_requests)
    if _first(cluster, [*_targets(identity.user, identity.roles), *requests]):
        raise AccessDenied("access denied")


def refuse_locked_login(cluster: Cluster, user: str, roles: Iterable[str]) -> None:
    """Raises AccessDenied with the lock's own message: a login does tell."""
    lock = _first(cluster, list(_targets(user, roles)))
    if lock is not None:
        message = f": {lock.Spec.Message}" if lock.Spec.Message else ""
        raise AccessDenied(f"lock targeting {target_text(lock.Spec.Target)} is in force{message}")


def target_text(target: LockTarget) -> str:
    """As Go prints a target, such as `User:"alice"`."""
    return " ".join(f"{field.name}:{quoted(str(value))}" for field, value in target.ListFields())


def _targets(user: str, roles: Iterable[str]) -> Iterator[LockTarget]:
    """What of a user can be locked."""
    yield LockTarget(User=user)
    for role in roles:
        yield LockTarget(Role=role)


def _first(cluster: Cluster, targets: Sequence[LockTarget]) -> LockV2 | None:
    """A lock in force that one of the targets meets."""
    locks = (lock for lock in cluster.locks.values() if in_force(cluster, lock))
    return next((it for it in locks if any(meets(target, it) for target in targets)), None)

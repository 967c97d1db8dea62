"""Locks and the calls that they prevent (lib/services/lock.go, lib/authz/permissions.go)."""

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
    """Return whether the lock has all fields of the target. The lock can have more."""
    return bool(target.ListFields()) and all(
        getattr(lock.Spec.Target, field.name) == value for field, value in target.ListFields()
    )


def refuse_locked(cluster: Cluster, identity: Identity) -> None:
    """Raise AccessDenied if a lock applies. The text doesn't include the reason."""
    requests = (LockTarget(AccessRequest=it) for it in identity.active_requests)
    if _first(cluster, [*_targets(identity.user, identity.roles), *requests]):
        raise AccessDenied("access denied")


def refuse_locked_login(
    cluster: Cluster, user: str, roles: Iterable[str], requests: Iterable[str] = ()
) -> None:
    """Raise AccessDenied with the lock's own message, which a login shows.

    `requests` are the IDs of the access requests that the login assumes.
    """
    assumed = (LockTarget(AccessRequest=it) for it in requests)
    lock = _first(cluster, [*_targets(user, roles), *assumed])
    if lock is not None:
        message = f": {lock.Spec.Message}" if lock.Spec.Message else ""
        raise AccessDenied(f"lock targeting {target_text(lock.Spec.Target)} is in force{message}")


def target_text(target: LockTarget) -> str:
    """Return a target as Go prints it, such as `User:"alice"`."""
    return " ".join(f"{field.name}:{quoted(str(value))}" for field, value in target.ListFields())


def _targets(user: str, roles: Iterable[str]) -> Iterator[LockTarget]:
    """Return the lock targets of a user."""
    yield LockTarget(User=user)
    for role in roles:
        yield LockTarget(Role=role)


def _first(cluster: Cluster, targets: Sequence[LockTarget]) -> LockV2 | None:
    """Return a lock in force that matches one of the targets."""
    locks = (lock for lock in cluster.locks.values() if in_force(cluster, lock))
    return next((it for it in locks if any(meets(target, it) for target in targets)), None)

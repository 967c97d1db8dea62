"""The tabs Users and Locks."""

from dataclasses import dataclass

from sandbox.page.teleport.clock import Clock, Moment
from sandbox.page.teleport.commands import Command, tctl
from sandbox.teleport.profile import TCTL_ADMIN
from sandbox.teleport.rules.locks import in_force
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.resources import is_bot, plain
from sandbox.teleport.timestamps import given
from teleport_client._proto.types_pb2 import LockTarget, LockV2, UserV2


@dataclass(frozen=True)
class UserRow:
    name: str
    kind: str
    """`bot` for a Machine ID bot, empty for a person."""
    locked: bool
    """Whether a lock on the user is in force."""
    failed_logins: bool
    """Whether failed logins have locked the user. Teleport creates no lock for that."""
    roles: tuple[str, ...]
    traits: tuple[tuple[str, str], ...]
    """Names and values of the traits that have values."""
    commands: tuple[Command, ...]


@dataclass(frozen=True)
class LockRow:
    name: str
    target: str
    message: str
    created_by: str
    until: Moment | None
    """None for a lock without an end."""
    in_force: bool
    remove: Command


def user_rows(cluster: Cluster) -> tuple[UserRow, ...]:
    """Return the users by name, without the one that the sandbox's tctl uses."""
    names = sorted(name for name in cluster.users if name != TCTL_ADMIN)
    return tuple(_user(cluster, cluster.users[name]) for name in names)


def _user(cluster: Cluster, user: UserV2) -> UserRow:
    name, bot = user.Metadata.Name, is_bot(user)
    traits = ((key, ", ".join(filter(None, it))) for key, it in plain(user.Spec.Traits).items())
    locks = (it for it in cluster.locks.values() if in_force(cluster, it))
    return UserRow(
        name=name,
        kind="bot" if bot else "",
        locked=any(it.Spec.Target.User == name for it in locks),
        failed_logins=user.Spec.Status.IsLocked,
        roles=tuple(user.Spec.Roles),
        traits=tuple((key, values) for key, values in traits if values),
        commands=() if bot else (tctl("get", f"users/{name}"), tctl("lock", f"--user={name}")),
    )


def lock_rows(cluster: Cluster, clock: Clock) -> tuple[LockRow, ...]:
    return tuple(_lock(cluster, clock, it) for it in cluster.locks.values())


def _lock(cluster: Cluster, clock: Clock, lock: LockV2) -> LockRow:
    until = given(lock.Spec, "Expires")
    name = lock.Metadata.Name
    return LockRow(
        name=name,
        target=_target(lock.Spec.Target),
        message=lock.Spec.Message,
        created_by=lock.Spec.CreatedBy,
        until=None if until is None else clock.moment(until),
        in_force=in_force(cluster, lock),
        remove=tctl("rm", f"lock/{name}"),
    )


def _target(target: LockTarget) -> str:
    """Return the conditions as words, such as `user alice`."""
    words = {"User": "user", "Role": "role", "Login": "login", "AccessRequest": "request"}
    fields = target.ListFields()
    return ", ".join(f"{words.get(field.name, field.name)} {value}" for field, value in fields)

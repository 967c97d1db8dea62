"""Locks: users and roles whose interactions Teleport rejects."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that names a user or a role.

    Teleport rejects all calls of the user and of users with the role. Other targets of the same
    lock, such as a login or a device, don't narrow it (LockTarget.Match in api/types/lock.go;
    tested with `tctl lock --user=alice --login=root` on 17.0.0-dev).
    """

    user: str = ""
    role: str = ""
    message: str = ""
    """Text for locked users."""
    expires: datetime | None = None
    """None if the lock never expires."""

"""Locks: interactions that Teleport refuses."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that names a user or a role.

    It refuses everything that the user does, and everything that holders of the role do, whatever
    else it names, such as a login or a device (LockTarget.Match in api/types/lock.go; tried with
    `tctl lock --user=alice --login=root` on 17.0.0-dev).
    """

    user: str = ""
    role: str = ""
    message: str = ""
    """Text for locked users."""
    expires: datetime | None = None
    """None if the lock never expires."""

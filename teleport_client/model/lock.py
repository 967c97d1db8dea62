"""Locks: users, roles and access requests whose interactions Teleport rejects."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that names a user, a role or an access request.

    Teleport rejects all calls of the user, of users with the role, and of logins with the access
    request. Other targets of the same lock, such as a login or a device, don't narrow it
    (LockTarget.Match in api/types/lock.go; tested with `tctl lock --user=alice --login=root` on
    17.0.0-dev).
    """

    name: str = ""
    user: str = ""
    role: str = ""
    access_request: str = ""
    """ID of the access request."""
    message: str = ""
    """Text for locked users."""
    expires: datetime | None = None
    """None if the lock never expires. Teleport keeps an expired lock until it is deleted."""
    more_targets: bool = False
    """Whether the lock has other targets, too, such as a login."""

    def in_force(self, now: datetime) -> bool:
        return self.expires is None or now < self.expires

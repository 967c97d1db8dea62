"""Locks: interactions that Teleport refuses, whoever is behind them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lock:
    """All that a lock names has to be met; what it does not name is empty."""

    user: str = ""
    role: str = ""
    narrower: bool = False
    """It names something else as well, such as one login or one device, and so is not a lock on
    everything that its user or the holders of its role do."""
    message: str = ""
    """For those who are locked out, in the words of whoever made it."""
    expires: datetime | None = None
    """None holds for ever."""

    def holds_against(self, user: str, roles: Collection[str]) -> bool:
        """Whether all that this user does, by these roles, is refused."""
        return (
            bool(self.user or self.role)
            and not self.narrower
            and self.user in {"", user}
            and (not self.role or self.role in roles)
        )

"""Users and roles: who somebody is to Teleport, and what that lets them do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias

Traits: TypeAlias = Mapping[str, tuple[str, ...]]
"""A trait's name to its values."""


def _no_traits() -> Traits:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class User:
    name: str
    roles: tuple[str, ...] = ()
    traits: Traits = field(default_factory=_no_traits)
    locked: bool = False
    """Suspended, for instance after too many failed logins."""
    lock_expires: datetime | None = None
    """End of the suspension. Teleport clears `locked` only at the next login."""
    bot: bool = False
    """A Machine ID bot's user."""

    def suspended(self, now: datetime) -> bool:
        """Return whether Teleport rejects logins (WithUserLock in lib/auth/auth.go)."""
        return self.locked and (self.lock_expires is None or now < self.lock_expires)


@dataclass(frozen=True, slots=True)
class StaticAccess:
    """Roles and traits that a person holds without any access request."""

    roles: tuple[str, ...]
    traits: Traits = field(default_factory=_no_traits)
    original_roles: tuple[str, ...] = ()
    """Of a login state: its roles that access lists didn't grant."""

    def without_removed(self, recorded: Collection[str]) -> frozenset[str]:
        """Return the roles of a login state without those that the user's record has lost since."""
        return frozenset(self.roles) - (frozenset(self.original_roles) - frozenset(recorded))


@dataclass(frozen=True, slots=True)
class Rule:
    """Verbs on kinds of resources; `*` stands for all. `where` narrows it in Teleport's words."""

    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class ReviewConditions:
    """Which roles a holder may review (`review_requests`)."""

    roles: tuple[str, ...] = ()
    """Patterns, see `role_pattern`."""
    from_claims: bool = False
    """More roles follow from the holder's traits (`claims_to_roles`)."""
    where: str = ""
    preview_as: tuple[str, ...] = ()
    """Roles with which a holder sees resources, without access to them (`preview_as_roles`)."""
    submit_for: tuple[str, ...] = ()
    """Users for whom a holder may hand in reviews (`submit_for_users`), from v18.11 on."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """One side of a role: what it allows, or what it denies."""

    rules: tuple[Rule, ...] = ()
    review: ReviewConditions = ReviewConditions()
    selects_nodes: bool = False
    """Has `node_labels`: holders see the hosts that these labels select."""
    max_duration: timedelta = timedelta()
    """Longest access that holders can request (`request.max_duration`), zero if not set."""


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    allow: Conditions = Conditions()
    deny: Conditions = Conditions()

"""Users, and roles with their permissions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias

Traits: TypeAlias = Mapping[str, tuple[str, ...]]
"""Values by the name of the trait."""


def _no_traits() -> Traits:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StaticAccess:
    """Roles and traits that a user has without an access request."""

    roles: tuple[str, ...]
    traits: Traits = field(default_factory=_no_traits)
    original_roles: tuple[str, ...] = ()
    """Roles of a login state without those that access lists granted."""

    def without_removed(self, recorded: Collection[str]) -> frozenset[str]:
        """Return the roles, without those that were removed from the user since the login."""
        return frozenset(self.roles) - (frozenset(self.original_roles) - frozenset(recorded))


@dataclass(frozen=True, slots=True)
class User:
    name: str
    roles: tuple[str, ...] = ()
    traits: Traits = field(default_factory=_no_traits)
    locked: bool = False
    """Whether Teleport suspended the user, for example after too many failed logins."""
    lock_expires: datetime | None = None
    """End of the suspension. Teleport clears `locked` only at the next login."""
    bot: bool = False
    """Whether the user belongs to a Machine ID bot."""

    @property
    def static_access(self) -> StaticAccess:
        """Roles and traits of the user's record, for a user without a login state."""
        return StaticAccess(self.roles, self.traits)

    def is_suspended(self, now: datetime) -> bool:
        """Return whether Teleport rejects logins (WithUserLock in lib/auth/auth.go)."""
        return self.locked and (self.lock_expires is None or now < self.lock_expires)


@dataclass(frozen=True, slots=True)
class Rule:
    """Verbs on kinds of resources; `*` matches all, and the predicate `where` narrows the rule."""

    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class ClaimMapping:
    """Requested roles that a value of a trait adds, see `claimed_roles`."""

    claim: str
    """Name of the trait."""
    value: str
    """Pattern of the value, see `role_pattern`."""
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewConditions:
    """Permission of a role to review requests (`review_requests`)."""

    roles: tuple[str, ...] = ()
    """Patterns of requested roles, see `role_pattern`."""
    claims: tuple[ClaimMapping, ...] = ()
    """More requested roles, which depend on the user's traits (`claims_to_roles`)."""
    where: str = ""
    """A condition about the user and the request, see `predicate`."""
    preview_as: tuple[str, ...] = ()
    """Roles that show resources without giving access to them (`preview_as_roles`)."""
    submit_for: tuple[str, ...] = ()
    """Possible authors of reviews on behalf of others (`submit_for_users`), since v18.11."""


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Labels, or an expression about them, that select resources of one kind."""

    labels: Mapping[str, tuple[str, ...]] = field(default_factory=_no_traits)
    """Patterns by label, see `role_pattern`. One pattern of each label has to match."""
    expression: str = ""


def _no_selectors() -> Mapping[str, LabelSelector]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Conditions:
    """The allow or the deny part of a role."""

    rules: tuple[Rule, ...] = ()
    review: ReviewConditions = ReviewConditions()
    selects_nodes: bool = False
    """Has `node_labels`: the role shows the hosts that these labels select."""
    max_duration: timedelta = timedelta()
    """Longest access that can be requested (`request.max_duration`), zero if not set."""
    selectors: Mapping[str, LabelSelector] = field(default_factory=_no_selectors)
    """By kind of resource, such as `node`; kinds without a selector are missing."""
    search_as: tuple[str, ...] = ()
    """Roles that can be requested for resources (`request.search_as_roles`)."""
    reason_prompt: str = ""
    """Prompt for the reason (`request.reason.prompt`), empty if not set."""


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    allow: Conditions = Conditions()
    deny: Conditions = Conditions()
    description: str = ""
    """Text of the role's metadata."""

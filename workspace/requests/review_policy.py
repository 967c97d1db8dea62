"""Review policy: how a request can be reviewed from Slack, if at all."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from teleport_client.model.access_request import AccessRequest
from workspace.text.resources import are_constraints_shown
from workspace.text.untrusted import safe_name

ANY_ROLE = "*"
MOST_CONFIRMED_ROLES = 20
"""Maximum number of role names that a form asks a reviewer to type."""
_SHOWN_ROLE = 200
ROLE_PREFIX = "role:"
"""Prefix of a Teleport role among the approvers: each user with the role is an approver."""


class ReviewMode(StrEnum):
    PERSON = "person"
    """The bot submits a review on behalf of the user; Teleport checks the user's permission."""
    OVERRIDE = "override"
    """The bot sets the request's state after it has checked the settings for the approvers."""
    NOTIFY = "notify"
    """The card links to Teleport."""
    OFF = "off"
    """Reviews from Slack are off, and the card doesn't mention them."""

    @property
    def from_slack(self) -> bool:
        return self in {ReviewMode.PERSON, ReviewMode.OVERRIDE}


@dataclass(slots=True)
class UnknownRoles:
    """Roles in the settings that don't exist in Teleport at the moment."""

    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """The result of the detection at startup. Only `unknown` changes while the bot runs."""

    mode: ReviewMode = ReviewMode.PERSON
    """The best mode that the server and the settings allow."""
    approvers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """By role, `*` for all others: Teleport users, or `role:` and the name of one of theirs."""
    link_only: frozenset[str] = frozenset()
    """Roles that can be reviewed only in Teleport."""
    reason_roles: frozenset[str] = frozenset()
    """Roles that need a reason for an approval. `*` means all roles."""
    confirm_roles: frozenset[str] = frozenset()
    """Roles that a reviewer approves by typing their names."""
    unknown: UnknownRoles = field(default_factory=UnknownRoles)
    """Unknown roles in the settings. One can be the misspelled name of any role, so it limits the
    requests of all roles."""

    def mode_of(self, request: AccessRequest) -> ReviewMode:
        if self.mode is ReviewMode.OFF:
            return ReviewMode.OFF
        if request.long_term or self.link_only & (self.unknown.roles | {*request.roles}):
            return ReviewMode.NOTIFY
        if not are_constraints_shown(request.resources):
            return ReviewMode.NOTIFY
        if len(self.roles_to_confirm(request.roles)) > MOST_CONFIRMED_ROLES:
            return ReviewMode.NOTIFY
        if self.mode is ReviewMode.OVERRIDE and not self._can_override(request):
            return ReviewMode.NOTIFY
        return self.mode

    def needs_reason(self, roles: Iterable[str]) -> bool:
        """Return whether an approval of these roles needs a reason."""
        return bool(self.reason_roles & {ANY_ROLE, *self.unknown.roles, *roles})

    def roles_to_confirm(self, roles: Iterable[str]) -> tuple[str, ...]:
        """Return the roles that a reviewer approves by typing their names."""
        every = bool(self.confirm_roles & self.unknown.roles)
        return tuple(role for role in roles if every or role in self.confirm_roles)

    def may_override(self, user: str, held: frozenset[str], request: AccessRequest) -> bool:
        """Return whether `user`, with the roles `held`, may override all requested roles.

        A requester can never override their own request.
        """
        return (
            user != request.user
            and bool(request.roles)
            and all(
                user in named or any(f"{ROLE_PREFIX}{role}" in named for role in held)
                for named in map(self._approvers_of, request.roles)
            )
        )

    def approving_roles(self, user: str, held: frozenset[str], request: AccessRequest) -> list[str]:
        """Return the roles in `held` that make `user` an approver.

        The list is empty if the settings name the user for each requested role.
        """
        named = [self._approvers_of(role) for role in request.roles]
        without = [each for each in named if user not in each]
        return sorted(
            role for role in held if any(f"{ROLE_PREFIX}{role}" in each for each in without)
        )

    def is_approver(self, user: str, held: frozenset[str]) -> bool:
        """Return whether the settings name `user`, or a role in `held`, for some role."""
        names = {user, *(f"{ROLE_PREFIX}{role}" for role in held)}
        return any(not names.isdisjoint(named) for named in self.approvers.values())

    def _can_override(self, request: AccessRequest) -> bool:
        """Return whether one approval is enough, because an override ignores thresholds."""
        named = [self._approvers_of(role) for role in request.roles]
        return bool(named) and all(named) and _one_review_is_enough(request)

    def _approvers_of(self, role: str) -> tuple[str, ...]:
        """Return the approvers of a role. A role with an empty list has no approvers."""
        if role in self.approvers:
            return self.approvers[role]
        if self.unknown.roles & self.approvers.keys():
            return ()
        return self.approvers.get(ANY_ROLE, ())


def unconfirmed(roles: Iterable[str], typed: Collection[str]) -> tuple[str, ...]:
    """Return the roles without a typed name. A form can show only a part of a long name."""
    return tuple(role for role in roles if not {role, shown_role(role)} & {*typed})


def shown_role(role: str) -> str:
    """Return the name that a form asks a reviewer to type."""
    return safe_name(role, _SHOWN_ROLE)


def _one_review_is_enough(request: AccessRequest) -> bool:
    """Return whether a single unfiltered review, approval or denial, meets every threshold set."""
    return all(
        any(
            index < len(request.thresholds)
            and request.thresholds[index].approve == request.thresholds[index].deny == 1
            and not request.thresholds[index].filter
            for index in each
        )
        for sets in request.role_thresholds.values()
        for each in sets
    )

"""How a request is decided from Slack, if at all: as the person, by the bot, or in Teleport."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from teleport_client.model.access_request import AccessRequest
from workspace.text.resources import are_constraints_shown

ANY_ROLE = "*"
ROLE_PREFIX = "role:"
"""An approver that begins so is everybody who holds that Teleport role."""


class ReviewMode(StrEnum):
    PERSON = "person"
    """The bot hands in a review of the person who clicked; Teleport judges it."""
    OVERRIDE = "override"
    """The bot sets the request's state, having judged by the settings who may."""
    NOTIFY = "notify"
    """The card says where in Teleport it is decided."""
    OFF = "off"
    """Nobody decides from Slack, and nothing is said of it."""

    @property
    def from_slack(self) -> bool:
        return self in {ReviewMode.PERSON, ReviewMode.OVERRIDE}


@dataclass(slots=True)
class UnknownRoles:
    """Roles that the settings name and Teleport does not know now, or not yet."""

    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """What was found out at start. Only `unknown` changes while the bot runs."""

    mode: ReviewMode = ReviewMode.PERSON
    """What the server and the settings let the bot do at best."""
    approvers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """By role, `*` for all others: Teleport users, or `role:` and the name of one of theirs."""
    link_only: frozenset[str] = frozenset()
    """Roles that are never decided from Slack."""
    unknown: UnknownRoles = field(default_factory=UnknownRoles)
    """Of `link_only` and `approvers`. One may be any role's misspelled name, so it limits all."""

    def mode_of(self, request: AccessRequest) -> ReviewMode:
        if self.mode is ReviewMode.OFF:
            return ReviewMode.OFF
        if request.long_term or self.link_only & (self.unknown.roles | {*request.roles}):
            return ReviewMode.NOTIFY
        if not are_constraints_shown(request.resources):
            return ReviewMode.NOTIFY
        if self.mode is ReviewMode.OVERRIDE and not self._may_override(request):
            return ReviewMode.NOTIFY
        return self.mode

    def may_override(self, user: str, held: frozenset[str], request: AccessRequest) -> bool:
        """Whether the settings let `user`, who holds these roles, override all that is asked for.

        Never one's own request.
        """
        return (
            user != request.user
            and bool(request.roles)
            and all(
                user in named or any(f"{ROLE_PREFIX}{role}" in named for role in held)
                for named in map(self._named_for, request.roles)
            )
        )

    def _may_override(self, request: AccessRequest) -> bool:
        """Setting the state asks no threshold, so only where one approval is all that is asked."""
        named = [self._named_for(role) for role in request.roles]
        return bool(named) and all(named) and _one_review_is_enough(request)

    def _named_for(self, role: str) -> tuple[str, ...]:
        """A role that is named with nobody is decided by nobody."""
        if role in self.approvers:
            return self.approvers[role]
        if self.unknown.roles & self.approvers.keys():
            return ()
        return self.approvers.get(ANY_ROLE, ())


def _one_review_is_enough(request: AccessRequest) -> bool:
    """Every set of thresholds has one that a single review of anybody meets, either way."""
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

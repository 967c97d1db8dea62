"""Whether a user can review a request.

The server decides (ReviewPermissionChecker in lib/services/access_request.go), but has no method to
check without submitting a review. Lists need an answer for each row, so this module evaluates the
user's roles itself. The result is UNKNOWN if it can't evaluate them as the server does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from teleport_client.model.access_request import AccessRequest
from teleport_client.model.user import ReviewConditions, Role, StaticAccess, Traits
from teleport_client.rules.claimed_roles import claimed_roles
from teleport_client.rules.predicate import Facts, holds, variables
from teleport_client.rules.role_pattern import Matcher, UnreadablePattern, matcher

_Truth: TypeAlias = Mapping[str, bool | None]
"""Whether each `where` holds for a request, None if it's unknown."""
_FIXED = frozenset({"reviewer.roles", "reviewer.traits", "request.roles"})
"""Variables that are the same for all requests for the same roles."""


class MayReview(Enum):
    NO = "no"
    UNKNOWN = "perhaps"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A reviewing user, with the roles held without an access request."""

    name: str
    roles: Sequence[Role]
    static_access: StaticAccess | None
    """Names of the roles, and traits, as Teleport has them. None if the bot can't read them."""


@dataclass(frozen=True, slots=True)
class ReviewGrounds:
    """The roles that let a user review a request."""

    roles: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    """Predicates of these roles (`where`) that only the server can evaluate."""
    by_traits: bool = False
    """Whether it depends on traits (`claims_to_roles`) in a way that only the server knows."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """The review conditions of one role, with the requested roles that the user's traits add."""

    role: str
    where: str
    matchers: tuple[Matcher, ...]
    unreadable: bool
    """Whether there are patterns that the bot can't read."""
    by_traits: bool
    """Whether there are claims that the bot can't evaluate."""

    @property
    def open(self) -> bool:
        return self.unreadable or self.by_traits

    def match(self, requested: str, truth: _Truth) -> MayReview:
        """Return whether the conditions name a requested role, and apply to the request."""
        applies = truth[self.where]
        if applies is False:
            return MayReview.NO
        if any(matches(requested) for matches in self.matchers):
            return MayReview.YES if applies else MayReview.UNKNOWN
        return MayReview.UNKNOWN if self.open else MayReview.NO


class ReviewPermission:
    """The permission of one user, prepared for the evaluation of many requests."""

    def __init__(self, reviewer: Reviewer) -> None:
        static = reviewer.static_access
        traits = static.traits if static else None
        self.name = reviewer.name
        self._facts: Facts = {
            "reviewer.roles": static.roles if static else None,
            "reviewer.traits": traits,
        }
        self._deny = _scopes(((each.name, each.deny.review) for each in reviewer.roles), traits)
        self._allow = _scopes(((each.name, each.allow.review) for each in reviewer.roles), traits)
        self._scopes = (*self._deny, *self._allow)
        self._certain = not any(each.open for each in self._scopes)
        self._verdicts: dict[tuple[tuple[str, ...], tuple[bool | None, ...]], MayReview] = {}
        """By the requested roles, and by the truth of all conditions."""
        self.depends_on_texts = any(not variables(each.where) <= _FIXED for each in self._scopes)
        """Whether the result depends on more of a request than its roles and its requester."""

    @property
    def allows_any(self) -> bool:
        """Return whether there might be requests to review (HasAllowDirectives)."""
        return any(each.matchers or each.open for each in self._allow)

    def may_review(self, request: AccessRequest, *, draft: bool = False) -> MayReview:
        """Check the requested roles; a deny rule overrides allow rules.

        Conditions about the request count as UNKNOWN for a `draft`, which can still change. As in
        Teleport, one condition that can't be evaluated prevents a certain permission.
        """
        roles = request.original_roles
        if self.name == request.user or not roles:
            return MayReview.NO
        truth = self._truth(self._scopes, request, draft=draft)
        key = (roles, tuple(truth.values()))
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._verdicts[key] = self._verdict(roles, truth)
        return verdict

    def is_denied(self, request: AccessRequest) -> bool:
        """Return whether a deny rule forbids, or might forbid, to review the request."""
        truth = self._truth(self._deny, request)
        return any(
            _best(self._deny, role, truth) is not MayReview.NO for role in request.original_roles
        )

    def grounds(self, request: AccessRequest) -> ReviewGrounds:
        """Return the roles that allow the user to review at least one of the requested roles.

        They don't suffice if `may_review` returns NO.
        """
        if self.name == request.user:
            return ReviewGrounds(())
        truth = self._truth(self._allow, request)
        found = [
            scope
            for scope in self._allow
            if any(scope.match(role, truth) is not MayReview.NO for role in request.original_roles)
        ]
        unknown = (each.where for each in found if truth[each.where] is None)
        return ReviewGrounds(
            roles=tuple(each.role for each in found),
            conditions=tuple(dict.fromkeys(unknown)),
            by_traits=any(each.by_traits for each in found),
        )

    def _verdict(self, roles: Iterable[str], truth: _Truth) -> MayReview:
        for role in roles:
            if _best(self._deny, role, truth) is MayReview.YES:
                return MayReview.NO
            if _best(self._allow, role, truth) is MayReview.NO:
                return MayReview.NO
        certain = self._certain and None not in truth.values()
        return MayReview.YES if certain else MayReview.UNKNOWN

    def _truth(
        self, scopes: Iterable[_Scope], request: AccessRequest, *, draft: bool = False
    ) -> _Truth:
        facts = self._facts
        if not draft:
            facts = {
                **facts,
                "request.roles": request.original_roles,
                "request.reason": request.reason,
                "request.system_annotations": request.annotations,
            }
        return {where: holds(where, facts) for where in dict.fromkeys(s.where for s in scopes)}


def _scopes(
    conditions: Iterable[tuple[str, ReviewConditions]], traits: Traits | None
) -> tuple[_Scope, ...]:
    """Return the conditions by the name of the role, without empty ones."""
    return tuple(
        _scope(role, each, traits)
        for role, each in conditions
        if each.roles or each.claims or each.where
    )


def _scope(role: str, conditions: ReviewConditions, traits: Traits | None) -> _Scope:
    matchers: list[Matcher] = []
    unreadable, by_traits = False, False
    for pattern in conditions.roles:
        try:
            matchers.append(matcher(pattern))
        except UnreadablePattern:
            unreadable = True
    for mapping in conditions.claims:
        if traits is None:
            by_traits = True
            break
        try:
            matchers += claimed_roles(mapping, traits)
        except UnreadablePattern:
            by_traits = True
    return _Scope(role, conditions.where, tuple(matchers), unreadable, by_traits)


def _best(scopes: Iterable[_Scope], requested: str, truth: _Truth) -> MayReview:
    found = {scope.match(requested, truth) for scope in scopes}
    return next((v for v in (MayReview.YES, MayReview.UNKNOWN) if v in found), MayReview.NO)

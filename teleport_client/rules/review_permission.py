"""Whether a user can review a request, as far as the user's roles show.

The server decides (ReviewPermissionChecker in lib/services/access_request.go), but has no method to
check without submitting a review. Lists need an answer for each row, so this module evaluates roles
itself. Conditions that only the server can evaluate count as UNKNOWN.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from teleport_client.model.access_request import AccessRequest
from teleport_client.model.user import ReviewConditions, Role
from teleport_client.rules.role_pattern import UnreadablePattern, matches


class MayReview(Enum):
    NO = "no"
    UNKNOWN = "perhaps"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class ReviewGrounds:
    """The roles that let a user review a request."""

    roles: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    """Predicates of these roles (`where`) that only the server evaluates."""
    by_traits: bool = False
    """Whether it depends on the user's traits (`claims_to_roles`)."""


def review_grounds(person: str, roles: Sequence[Role], request: AccessRequest) -> ReviewGrounds:
    """Return the roles that allow the user to review at least one of the requested roles.

    They don't suffice if `may_review` returns NO.
    """
    found = [
        role
        for role in roles
        if person != request.user
        and any(_match_role(role.allow.review, each) is not MayReview.NO for each in request.roles)
    ]
    reviews = [role.allow.review for role in found]
    return ReviewGrounds(
        roles=tuple(role.name for role in found),
        conditions=tuple(dict.fromkeys(each.where for each in reviews if each.where)),
        by_traits=any(each.from_claims for each in reviews),
    )


def may_review(person: str, roles: Sequence[Role], request: AccessRequest) -> MayReview:
    """Check the requested roles; a deny rule overrides allow rules."""
    if person == request.user or not request.roles:
        return MayReview.NO
    denied = [
        _match_role(role.deny.review, requested) for requested in request.roles for role in roles
    ]
    if MayReview.YES in denied:
        return MayReview.NO
    allowed = [
        _best(_match_role(role.allow.review, requested) for role in roles)
        for requested in request.roles
    ]
    if MayReview.NO in allowed:
        return MayReview.NO
    certain = MayReview.UNKNOWN not in allowed and MayReview.UNKNOWN not in denied
    return MayReview.YES if certain else MayReview.UNKNOWN


def is_review_denied(roles: Sequence[Role], request: AccessRequest) -> bool:
    """Return whether a deny rule of the roles forbids, or might forbid, to review the request."""
    return any(
        _match_role(role.deny.review, requested) is not MayReview.NO
        for requested in request.roles
        for role in roles
    )


def _match_role(conditions: ReviewConditions, requested: str) -> MayReview:
    """Return whether one role's conditions name a requested role."""
    unreadable = conditions.from_claims
    for pattern in conditions.roles:
        try:
            if matches(pattern, requested):
                return MayReview.UNKNOWN if conditions.where else MayReview.YES
        except UnreadablePattern:
            unreadable = True
    return MayReview.UNKNOWN if unreadable else MayReview.NO


def _best(verdicts: Iterable[MayReview]) -> MayReview:
    found = set(verdicts)
    return next((v for v in (MayReview.YES, MayReview.UNKNOWN) if v in found), MayReview.NO)

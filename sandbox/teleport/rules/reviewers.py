"""Permission to review (ReviewPermissionChecker in lib/services/access_request.go).

Thresholds are separate: an allowed review can count toward none.
"""

from collections.abc import Callable, Iterable

from sandbox.teleport.rules import predicates
from sandbox.teleport.rules.accounts import Account, Traits
from sandbox.teleport.rules.patterns import Matcher, claimed, matcher
from sandbox.teleport.state.resources import plain
from teleport_client._proto.types_pb2 import (
    AccessRequestSpecV3,
    AccessReview,
    AccessReviewConditions,
)


def reviews_at_all(reviewer: Account) -> bool:
    """Return whether a role allows any reviews."""
    return any(
        _matchers(role.Spec.Allow.ReviewRequests, reviewer.traits) for role in reviewer.roles
    )


def may_review(reviewer: Account, request: AccessRequestSpecV3) -> bool:
    """Return whether the reviewer can review the request.

    Raises BadParameter for a `where` that can't be parsed or evaluated.
    """
    if reviewer.name == request.User:
        return False
    roles = original_roles(request)
    variables = _variables(reviewer, request)

    def applies(conditions: AccessReviewConditions) -> bool:
        return predicates.holds(conditions.Where, variables)

    denied = _matched(
        (role.Spec.Deny.ReviewRequests for role in reviewer.roles), applies, reviewer.traits, roles
    )
    allowed = _matched(
        (role.Spec.Allow.ReviewRequests for role in reviewer.roles), applies, reviewer.traits, roles
    )
    return not denied and allowed == set(roles)


def may_submit_for(submitter: Account, author: str) -> bool:
    """Return whether `submit_for_users` allows reviews on behalf of the author."""
    allowed = (it.Spec.Allow.ReviewRequests.SubmitForUsers for it in submitter.roles)
    denied = (it.Spec.Deny.ReviewRequests.SubmitForUsers for it in submitter.roles)
    return _names(allowed, author) and not _names(denied, author)


def original_roles(request: AccessRequestSpecV3) -> list[str]:
    """Return the requested roles, before an approver narrowed them."""
    if len(request.RoleThresholdMapping) in (0, len(request.Roles)):
        return list(request.Roles)
    return sorted(request.RoleThresholdMapping)


def threshold_variables(
    reviewer: Account, request: AccessRequestSpecV3, review: AccessReview
) -> predicates.Variables:
    """Return the variables of a threshold's filter."""
    return {
        **_variables(reviewer, request),
        "review.reason": review.Reason,
        "review.annotations": plain(review.Annotations),
    }


def _variables(reviewer: Account, request: AccessRequestSpecV3) -> predicates.Variables:
    return {
        "reviewer.roles": reviewer.role_names,
        "reviewer.traits": reviewer.traits,
        "request.roles": tuple(original_roles(request)),
        "request.reason": request.RequestReason,
        "request.system_annotations": plain(request.SystemAnnotations),
    }


def _matched(
    conditions: Iterable[AccessReviewConditions],
    applies: Callable[[AccessReviewConditions], bool],
    traits: Traits,
    roles: Iterable[str],
) -> set[str]:
    matchers = [matches for it in conditions if applies(it) for matches in _matchers(it, traits)]
    return {role for role in roles if any(matches(role) for matches in matchers)}


def _matchers(conditions: AccessReviewConditions, traits: Traits) -> list[Matcher]:
    return [*map(matcher, conditions.Roles), *claimed(conditions.ClaimsToRoles, traits)]


def _names(patterns: Iterable[Iterable[str]], user: str) -> bool:
    return any(matcher(pattern)(user) for group in patterns for pattern in group)

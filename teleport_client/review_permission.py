"""May this person review this request? As far as can be said without asking Teleport.

The server decides (ReviewPermissionChecker in lib/services/access_request.go); this is for lists,
where asking for each row would cost a review. What only the server can evaluate counts as perhaps.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum

from teleport_client.access_request import AccessRequest
from teleport_client.role_pattern import UnreadablePattern, matches
from teleport_client.user import Conditions, ReviewConditions, Role


class MayReview(Enum):
    NO = "no"
    PERHAPS = "perhaps"
    YES = "yes"


def may_review(person: str, roles: Sequence[Role], request: AccessRequest) -> MayReview:
    """Judge by the roles that the request first asked for, with deny before allow."""
    if person == request.user or not request.roles:
        return MayReview.NO
    denied = [_names(role.deny.review, asked) for asked in request.roles for role in roles]
    if MayReview.YES in denied:
        return MayReview.NO
    allowed = [_best(_names(role.allow.review, asked) for role in roles) for asked in request.roles]
    if MayReview.NO in allowed:
        return MayReview.NO
    certain = MayReview.PERHAPS not in allowed and MayReview.PERHAPS not in denied
    return MayReview.YES if certain else MayReview.PERHAPS


def may(roles: Sequence[Role], resource: str, verb: str) -> bool:
    """Whether roles give a verb on a kind of resource, without and beyond any condition."""

    def given(side: Callable[[Role], Conditions], *, conditional: bool) -> bool:
        return any(
            (conditional or not rule.where)
            and {resource, "*"} & set(rule.resources)
            and {verb, "*"} & set(rule.verbs)
            for role in roles
            for rule in side(role).rules
        )

    allowed = given(lambda role: role.allow, conditional=False)
    return allowed and not given(lambda role: role.deny, conditional=True)


def sees_requests(roles: Sequence[Role]) -> bool:
    """Whether roles show everybody's requests.

    Without the right Teleport denies nothing: it lists one's own, of which a bot has none.
    """
    return all(may(roles, "access_request", verb) for verb in ("list", "read"))


def _names(conditions: ReviewConditions, asked: str) -> MayReview:
    """Whether one role's conditions name a requested role."""
    unreadable = conditions.from_claims
    for pattern in conditions.roles:
        try:
            if matches(pattern, asked):
                return MayReview.PERHAPS if conditions.where else MayReview.YES
        except UnreadablePattern:
            unreadable = True
    return MayReview.PERHAPS if unreadable else MayReview.NO


def _best(verdicts: Iterable[MayReview]) -> MayReview:
    found = set(verdicts)
    return next((v for v in (MayReview.YES, MayReview.PERHAPS) if v in found), MayReview.NO)

"""Thresholds of a request, and the state that its reviews reach.

Each requested role gets one set of thresholds from each of the requester's roles that offers it.
One threshold of a set is enough, but each set of each role must be met.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.teleport.errors import LimitExceeded
from sandbox.teleport.rules import predicates, requestable
from sandbox.teleport.rules.accounts import Account
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    AccessRequestSpecV3,
    AccessReview,
    AccessReviewThreshold,
    RequestState,
    ThresholdIndexSet,
    ThresholdIndexSets,
)

DEFAULT_THRESHOLD = AccessReviewThreshold(Name="default", Approve=1, Deny=1)
_MOST = 4096


@dataclass(frozen=True)
class Needed:
    """Distinct thresholds, and for each role its sets of indexes."""

    thresholds: tuple[AccessReviewThreshold, ...]
    by_role: Mapping[str, ThresholdIndexSets]


@dataclass(frozen=True)
class Resolution:
    """A resolved state, and the review that led to it."""

    state: RequestState.ValueType
    review: AccessReview


def needed(requester: Account, roles: Iterable[str]) -> Needed:
    """Return the thresholds. Raises LimitExceeded above Teleport's limit."""
    indexes: dict[bytes, int] = {}
    by_role: dict[str, ThresholdIndexSets] = {}
    for role in roles:
        sets = [
            ThresholdIndexSet(Indexes=[_index(it, indexes) for it in contributed])
            for contributed in _contributed(requester, role)
        ]
        by_role[role] = ThresholdIndexSets(Sets=sets)
    return Needed(tuple(map(AccessReviewThreshold.FromString, indexes)), by_role)


def matching(
    thresholds: Iterable[AccessReviewThreshold], variables: predicates.Variables
) -> list[int]:
    """Return the indexes of the thresholds that a review counts toward."""
    return [
        index
        for index, threshold in enumerate(thresholds)
        if predicates.holds(threshold.Filter, variables)
    ]


def resolution(request: AccessRequestSpecV3) -> Resolution | None:
    """Replay the reviews in order. Return None if the request is still pending."""
    approvals: Counter[int] = Counter()
    denials: Counter[int] = Counter()
    for review in request.Reviews:
        if review.ProposedState == APPROVED:
            approvals.update(review.ThresholdIndexes)
            if _approved(request, approvals):
                return Resolution(APPROVED, review)
        elif review.ProposedState == DENIED:
            denials.update(review.ThresholdIndexes)
            if _denied(request, denials):
                return Resolution(DENIED, review)
    return None


def _contributed(requester: Account, role: str) -> list[list[AccessReviewThreshold]]:
    return [
        list(held.Spec.Allow.Request.Thresholds) or [DEFAULT_THRESHOLD]
        for held in requester.roles
        if requestable.offers(held, role, requester.traits)
    ]


def _index(threshold: AccessReviewThreshold, indexes: dict[bytes, int]) -> int:
    """Return the index of the threshold by its encoding. Equal thresholds share one."""
    encoded = threshold.SerializeToString(deterministic=True)
    if encoded not in indexes:
        if len(indexes) >= _MOST:
            raise LimitExceeded(f"max review thresholds exceeded (max={_MOST})")
        indexes[encoded] = len(indexes)
    return indexes[encoded]


def _denied(request: AccessRequestSpecV3, denials: Counter[int]) -> bool:
    return any(
        0 < threshold.Deny <= denials[index] for index, threshold in enumerate(request.Thresholds)
    )


def _approved(request: AccessRequestSpecV3, approvals: Counter[int]) -> bool:
    return all(
        any(0 < request.Thresholds[it].Approve <= approvals[it] for it in index_set.Indexes)
        for sets in request.RoleThresholdMapping.values()
        for index_set in sets.Sets
    )

"""How far a request has come: approvals counted against each threshold that matters.

Teleport says for each review which thresholds it counts for (`threshold_indexes`), so filters need
not be understood here. Sets must all be met; within a set any threshold will do.
"""

from collections import Counter
from dataclasses import dataclass

from teleport_client.model.access_request import AccessRequest, RequestState, Review, Threshold


@dataclass(frozen=True, slots=True)
class Count:
    """Approvals on one threshold."""

    approved: int
    needed: int
    name: str = ""

    def __str__(self) -> str:
        """A met threshold stays at what it requires: later reviews do not count for it."""
        return f"{min(self.approved, self.needed)} of {self.needed}"


@dataclass(frozen=True, slots=True)
class SetProgress:
    """One set: its thresholds, any of which is enough, and the roles that need it."""

    counts: tuple[Count, ...]
    roles: tuple[str, ...]

    @property
    def met(self) -> bool:
        return any(count.approved >= count.needed for count in self.counts)


def progress(request: AccessRequest) -> tuple[SetProgress, ...]:
    """One entry per different set, in the order of the request's roles."""
    roles_by_set: dict[tuple[int, ...], list[str]] = {}
    for role in request.roles:
        for indexes in request.role_thresholds.get(role, ()):
            roles_by_set.setdefault(indexes, []).append(role)
    approvals = _approvals(request)
    return tuple(
        SetProgress(
            counts=tuple(
                Count(approvals[index], threshold.approve, threshold.name)
                for index in indexes
                if (threshold := _at(request, index)) is not None and threshold.approve > 0
            ),
            roles=tuple(roles),
        )
        for indexes, roles in roles_by_set.items()
    )


def counts(review: Review, request: AccessRequest) -> bool:
    """Whether a review has an effect. A reviewer who meets no filter can review all the same.

    A promotion needs no threshold (ApplyAccessReview in lib/services/access_request.go).
    """
    promotes = review.state is RequestState.PROMOTED
    return promotes or bool(review.threshold_indexes) or not request.thresholds


def open_filters(request: AccessRequest) -> tuple[Threshold, ...]:
    """Return the filtered thresholds that can still approve a request."""
    sets = (sets for role in request.roles for sets in request.role_thresholds.get(role, ()))
    indexes = dict.fromkeys(index for each in sets for index in each)
    known = ((index, _at(request, index)) for index in indexes)
    approvals = _approvals(request)
    return tuple(
        threshold
        for index, threshold in known
        if threshold is not None and threshold.filter and approvals[index] < threshold.approve
    )


def _at(request: AccessRequest, index: int) -> Threshold | None:
    return request.thresholds[index] if index < len(request.thresholds) else None


def _approvals(request: AccessRequest) -> Counter[int]:
    """Count approvals by the index of each threshold that they count for."""
    return Counter(
        index
        for review in request.reviews
        if review.state is RequestState.APPROVED
        for index in set(review.threshold_indexes)
    )

"""Progress of a request: approvals per threshold.

Each role requires one or more threshold sets. A request is approved when every set is met, and any
of its thresholds meets a set. Teleport records for each review the thresholds that it counts for
(`threshold_indexes`), so filters aren't evaluated here.
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
        """Show at most the required number: later reviews don't count for a met threshold."""
        return f"{min(self.approved, self.needed)} of {self.needed}"


@dataclass(frozen=True, slots=True)
class SetProgress:
    """A threshold set and the roles that require it."""

    counts: tuple[Count, ...]
    roles: tuple[str, ...]

    @property
    def met(self) -> bool:
        return any(count.approved >= count.needed for count in self.counts)


def progress(request: AccessRequest) -> tuple[SetProgress, ...]:
    """Return one entry per distinct set, in the order of the request's roles."""
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


def has_effect(review: Review, request: AccessRequest) -> bool:
    """Return whether a review has an effect: reviewers can review even if no filter matches them.

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

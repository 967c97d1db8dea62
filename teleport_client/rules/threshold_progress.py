"""Progress of a request: approvals and denials per threshold.

Each role requires one or more threshold sets. A request is approved when every set is met, and any
of its thresholds meets a set. Teleport records for each review the thresholds that it counts for
(`threshold_indexes`), so filters aren't evaluated here. A request is denied as soon as any
threshold has its denials, whatever the other thresholds have.
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
    indexes: tuple[int, ...] = ()
    """Positions of its thresholds in the request."""

    @property
    def met(self) -> bool:
        return any(count.approved >= count.needed for count in self.counts)


@dataclass(frozen=True, slots=True)
class Standing:
    """A threshold, with the reviews that count for it."""

    threshold: Threshold
    approved: int
    denied: int
    roles: tuple[str, ...] = ()
    """Requested roles that require a set with this threshold."""

    @property
    def approvals(self) -> str:
        """`1 of 2`, empty if the threshold never approves."""
        return _of(self.approved, self.threshold.approve)

    @property
    def denials(self) -> str:
        """`1 of 2`, empty if the threshold never denies."""
        return _of(self.denied, self.threshold.deny)

    @property
    def denials_left(self) -> int:
        return max(0, self.threshold.deny - self.denied)


def standings(request: AccessRequest) -> tuple[Standing, ...]:
    """Return the standing of each threshold that a requested role needs, in Teleport's order."""
    roles_of: dict[int, list[str]] = {}
    for role in request.roles:
        indexes = {i for one in request.role_thresholds.get(role, ()) for i in one}
        for index in indexes:
            roles_of.setdefault(index, []).append(role)
    approved = _count(request, RequestState.APPROVED)
    denied = _count(request, RequestState.DENIED)
    return tuple(
        Standing(threshold, approved[index], denied[index], tuple(roles_of[index]))
        for index, threshold in enumerate(request.thresholds)
        if index in roles_of
    )


def nearest_denial(request: AccessRequest) -> Standing | None:
    """Return the threshold that needs the fewest further denials, None if none can deny."""
    can_deny = (each for each in standings(request) if each.threshold.deny > 0)
    return min(can_deny, key=lambda each: each.denials_left, default=None)


def progress(request: AccessRequest) -> tuple[SetProgress, ...]:
    """Return one entry per distinct set, in the order of the request's roles."""
    roles_by_set: dict[tuple[int, ...], list[str]] = {}
    for role in request.roles:
        for indexes in request.role_thresholds.get(role, ()):
            roles_by_set.setdefault(indexes, []).append(role)
    approvals = _count(request, RequestState.APPROVED)
    return tuple(
        SetProgress(
            counts=tuple(
                Count(approvals[index], threshold.approve, threshold.name)
                for index in indexes
                if (threshold := _at(request, index)) is not None and threshold.approve > 0
            ),
            roles=tuple(roles),
            indexes=indexes,
        )
        for indexes, roles in roles_by_set.items()
    )


def has_effect(review: Review, request: AccessRequest) -> bool:
    """Return whether a review has an effect: reviewers can review even if no filter matches them.

    A promotion needs no threshold (ApplyAccessReview in lib/services/access_request.go).
    """
    promotes = review.state is RequestState.PROMOTED
    return promotes or bool(review.threshold_indexes) or not request.thresholds


def open_sets_without(review: Review, request: AccessRequest) -> tuple[SetProgress, ...]:
    """Return the unmet sets of a request for which a review doesn't count."""
    counted = set(review.threshold_indexes)
    return tuple(
        one for one in progress(request) if not one.met and counted.isdisjoint(one.indexes)
    )


def filters_of(one: SetProgress, request: AccessRequest) -> tuple[Threshold, ...]:
    """Return the filtered thresholds of a set."""
    found = (_at(request, index) for index in one.indexes)
    return tuple(each for each in found if each is not None and each.filter)


def open_filters(
    request: AccessRequest, state: RequestState = RequestState.APPROVED
) -> tuple[Threshold, ...]:
    """Return the filtered thresholds that can still approve, or deny, a request."""
    sets = (sets for role in request.roles for sets in request.role_thresholds.get(role, ()))
    indexes = dict.fromkeys(index for each in sets for index in each)
    known = ((index, _at(request, index)) for index in indexes)
    counted = _count(request, state)
    return tuple(
        threshold
        for index, threshold in known
        if threshold is not None
        and threshold.filter
        and counted[index] < (threshold.deny if state is RequestState.DENIED else threshold.approve)
    )


def _at(request: AccessRequest, index: int) -> Threshold | None:
    return request.thresholds[index] if index < len(request.thresholds) else None


def _count(request: AccessRequest, state: RequestState) -> Counter[int]:
    """Count the reviews that propose `state`, by the index of each threshold they count for."""
    return Counter(
        index
        for review in request.reviews
        if review.state is state
        for index in set(review.threshold_indexes)
    )


def _of(count: int, needed: int) -> str:
    return f"{min(count, needed)} of {needed}" if needed else ""

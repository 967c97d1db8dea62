"""Progress of a request toward its thresholds."""

from hypothesis import given

from teleport_client.model.access_request import AccessRequest, RequestState, Review, Threshold
from teleport_client.rules.threshold_progress import (
    Count,
    SetProgress,
    Standing,
    has_effect,
    nearest_denial,
    open_filters,
    open_sets_without,
    progress,
    standings,
)
from tests.cpu_limit import cpu_limit
from tests.strategies import requests

TWO = Threshold(approve=2, deny=1)
ADMIN = Threshold(approve=1, deny=1, name="admins", filter='contains(reviewer.roles, "admin")')


def approval(author: str, *indexes: int) -> Review:
    return Review(author, RequestState.APPROVED, threshold_indexes=indexes)


def request(*reviews: Review, **changes: object) -> AccessRequest:
    values: dict[str, object] = {
        "thresholds": (TWO,),
        "role_thresholds": {"prod": ((0,),)},
    } | changes
    return AccessRequest(
        id="i", user="alice", roles=("prod",), state=RequestState.PENDING, reviews=reviews,
        **values,  # type: ignore[arg-type]
    )  # fmt: skip


def test_approval_is_counted_for_its_threshold() -> None:
    """The server determines the thresholds that a review counts for."""
    assert progress(request(approval("bob", 0))) == (SetProgress((Count(1, 2),), ("prod",), (0,)),)
    assert str(Count(1, 2)) == "1 of 2"


def test_denial_does_not_count_as_progress() -> None:
    """A single denial can resolve a request."""
    denial = Review("bob", RequestState.DENIED, threshold_indexes=(0,))
    assert progress(request(denial))[0].counts == (Count(0, 2),)


def denial(author: str, *indexes: int) -> Review:
    return Review(author, RequestState.DENIED, threshold_indexes=indexes)


def test_denials_are_counted_for_each_threshold() -> None:
    two = Threshold(approve=2, deny=2)
    both = {"thresholds": (two, ADMIN), "role_thresholds": {"prod": ((0,), (1,))}}
    denied = request(denial("bob", 0), approval("carol", 0), **both)
    assert standings(denied) == (
        Standing(two, approved=1, denied=1, roles=("prod",)),
        Standing(ADMIN, approved=0, denied=0, roles=("prod",)),
    )
    assert [each.denials for each in standings(denied)] == ["1 of 2", "0 of 1"]
    assert [each.approvals for each in standings(denied)] == ["1 of 2", "0 of 1"]


def test_threshold_that_needs_the_fewest_denials_is_nearest() -> None:
    """A threshold without a number of denials never denies."""
    never, two = Threshold(approve=1, deny=0), Threshold(approve=1, deny=2)
    both = {"thresholds": (never, two), "role_thresholds": {"prod": ((0, 1),)}}
    nearest = nearest_denial(request(denial("bob", 0, 1), **both))
    assert nearest is not None
    assert nearest.denials == "1 of 2"
    assert nearest.denials_left == 1
    assert nearest_denial(request(thresholds=(never,))) is None
    assert standings(request(thresholds=(never,)))[0].denials == ""


@given(requests())
def test_standings_agree_with_the_progress(request: AccessRequest) -> None:
    approvals = {
        (each.threshold.name, each.approved, each.threshold.approve)
        for each in standings(request)
        if each.threshold.approve
    }
    assert approvals == {
        (count.name, count.approved, count.needed)
        for one in progress(request)
        for count in one.counts
    }


def test_review_that_matches_no_filter_does_not_count() -> None:
    """Teleport stores it, and it has no effect."""
    assert progress(request(approval("bob")))[0].counts == (Count(0, 2),)


def test_met_threshold_shows_at_most_its_required_count() -> None:
    """More reviews can arrive for another threshold."""
    assert str(Count(2, 1)) == "1 of 1"


def test_review_without_threshold_has_no_effect() -> None:
    """It holds only if the request has thresholds. A promotion resolves it in any case."""
    filtered = request(thresholds=(ADMIN,))
    assert not has_effect(approval("bob"), filtered)
    assert has_effect(approval("bob", 0), filtered)
    assert has_effect(Review("bob", RequestState.PROMOTED), filtered)
    assert has_effect(approval("bob"), request(thresholds=(), role_thresholds={}))


def test_unmet_filters_are_listed() -> None:
    """Only thresholds that the roles need are listed."""
    both = {"thresholds": (TWO, ADMIN, ADMIN), "role_thresholds": {"prod": ((0,), (1,))}}
    assert open_filters(request(**both)) == (ADMIN,)
    assert open_filters(request(approval("dana", 1), **both)) == ()


def test_any_threshold_of_a_set_is_sufficient() -> None:
    """The example: two of any reviewers, or one admin."""
    either = request(
        approval("dana", 0, 1), thresholds=(TWO, ADMIN), role_thresholds={"prod": ((0, 1),)}
    )
    (one,) = progress(either)
    assert one.counts == (Count(1, 2), Count(1, 1, "admins"))
    assert one.met


def test_equal_sets_of_several_roles_are_merged() -> None:
    """The card has no duplicate lines."""
    both = AccessRequest(
        id="i",
        user="alice",
        roles=("a", "b"),
        state=RequestState.PENDING,
        thresholds=(TWO,),
        role_thresholds={"a": ((0,),), "b": ((0,),)},
    )
    assert progress(both) == (SetProgress((Count(0, 2),), ("a", "b"), (0,)),)


@given(requests())
def test_counts_never_exceed_the_reviews(request: AccessRequest) -> None:
    """Servers can send any indexes, including invalid ones."""
    for one in progress(request):
        for count in one.counts:
            assert 0 <= count.approved <= len(request.reviews)
            assert count.needed > 0


def test_hundreds_of_thresholds_and_reviews_take_little_time() -> None:
    """Each card of the request is rendered from this while the event loop waits."""
    size = 200
    everything = tuple(range(size))
    roles = [f"role-{number}" for number in everything]
    large = AccessRequest(
        id="i",
        user="alice",
        roles=tuple(roles),
        state=RequestState.PENDING,
        thresholds=(TWO,) * size,
        role_thresholds={
            role: ((*everything[number:], *everything[:number]),)
            for number, role in enumerate(roles)
        },
        reviews=tuple(approval(role, *everything) for role in roles),
    )
    with cpu_limit(seconds=2):
        found = progress(large)
    assert [count.approved for count in found[0].counts] == [size] * size


def test_approval_does_not_count_for_a_set_whose_filter_it_does_not_match() -> None:
    found = request(
        approval("bob", 0), thresholds=(TWO, ADMIN), role_thresholds={"prod": ((0,), (1,))}
    )
    (left,) = open_sets_without(found.reviews[0], found)
    assert left.indexes == (1,)
    met = request(
        approval("bob", 0),
        approval("dana", 0, 1),
        thresholds=(TWO, ADMIN),
        role_thresholds={"prod": ((0,), (1,))},
    )
    assert not open_sets_without(met.reviews[0], met)

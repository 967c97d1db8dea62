"""The lists of requests that concern a user."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleport_client.model.access_request import AccessRequest, RequestState, Review
from teleport_client.model.user import Conditions, ReviewConditions, Role, StaticAccess
from teleport_client.rules.review_permission import MayReview, Reviewer, ReviewPermission
from tests.samples import NOW, request
from tests.strategies import requests
from workspace.requests.request_lists import RequestLists
from workspace.requests.review_policy import ReviewMode, ReviewPolicy

REVIEWER = Role("reviewer", allow=Conditions(review=ReviewConditions(roles=("staging",))))
DENYING = Role("denying", deny=Conditions(review=ReviewConditions(roles=("*",))))
ON_CALL = 'contains(reviewer.traits["team"], "on-call") && request.reason == "incident"'
CONDITIONAL = Role("c", allow=Conditions(review=ReviewConditions(roles=("*",), where=ON_CALL)))
DENYING_INCIDENTS = Role(
    "d", deny=Conditions(review=ReviewConditions(("*",), where='request.reason == "incident"'))
)
ROLES = (REVIEWER, DENYING, CONDITIONAL, DENYING_INCIDENTS)
STATIC = StaticAccess((), {"team": ("on-call",)})
OVERRIDING = ReviewPolicy(ReviewMode.OVERRIDE, {"*": ("bob", "role:lead")})


@dataclass(frozen=True)
class Reader:
    name: str = "bob"
    held: frozenset[str] = frozenset()
    roles: tuple[Role, ...] = ()
    denying_roles: tuple[Role, ...] = ()
    sees_all_requests: bool = False
    static_access: StaticAccess | None = None


REVIEWING = Reader(roles=(REVIEWER,), denying_roles=(REVIEWER,))


def lists(reader: Reader, policy: ReviewPolicy | None = None) -> RequestLists:
    return RequestLists(policy or ReviewPolicy(), reader)


@pytest.mark.parametrize(
    ("changes", "reviewable", "visible"),
    [
        ({}, True, True),
        ({"roles": ("prod",)}, False, False),
        ({"roles": ("prod",), "reviews": (Review("bob", RequestState.DENIED),)}, False, True),
        ({"reviews": (Review("bob", RequestState.APPROVED),)}, False, True),
        ({"state": RequestState.APPROVED}, False, True),
        ({"user": "bob"}, False, True),
    ],
)
def test_reviewer_sees_the_requests_in_scope(
    changes: dict[str, object], reviewable: bool, visible: bool
) -> None:
    """A review makes a request visible, even after the reviewer's roles have changed."""
    found = lists(REVIEWING)
    assert found.is_reviewable(request(**changes)) is reviewable
    assert found.is_visible(request(**changes)) is visible


def test_condition_of_a_role_decides_about_each_request() -> None:
    """A request outside the condition is hidden."""
    on_call = lists(Reader(roles=(CONDITIONAL,), static_access=STATIC))
    incident, other = request(reason="incident"), request(reason="curiosity")
    assert on_call.is_reviewable(incident)
    assert not on_call.is_reviewable(other)
    assert not on_call.is_visible(other)
    assert on_call.reviewable_of([other, incident]) == [incident]
    resting = lists(Reader(roles=(CONDITIONAL,), static_access=StaticAccess((), {})))
    assert not resting.is_visible(incident)
    assert resting.reviewable_of([other, incident]) == []


def test_condition_that_the_bot_cannot_evaluate_hides_nothing() -> None:
    unknown = Role("u", allow=Conditions(review=ReviewConditions(("*",), where="unknown()")))
    assert lists(Reader(roles=(unknown,), static_access=STATIC)).is_reviewable(request())
    without_traits = lists(Reader(roles=(CONDITIONAL,)))
    assert without_traits.is_reviewable(request(reason="incident"))
    assert not without_traits.is_reviewable(request(reason="curiosity"))


def test_conditional_deny_rule_counts_for_approvers() -> None:
    approver = lists(Reader(denying_roles=(DENYING_INCIDENTS,), static_access=STATIC), OVERRIDING)
    assert not approver.is_reviewable(request(reason="incident"))
    assert approver.is_reviewable(request(reason="curiosity"))


def test_suggested_reviewer_without_permission_sees_nothing() -> None:
    """Teleport doesn't show a request to its suggested reviewers."""
    suggested = request(suggested_reviewers=("bob", "carol"))
    assert lists(REVIEWING).is_suggested(suggested)
    assert not lists(Reader()).is_suggested(suggested)
    assert lists(Reader(sees_all_requests=True)).is_suggested(suggested)
    assert not lists(REVIEWING).is_suggested(request(suggested_reviewers=("carol",)))
    assert not lists(REVIEWING).is_suggested(replace(suggested, state=RequestState.DENIED))
    assert not lists(REVIEWING).is_suggested(replace(suggested, user="bob"))


def test_approved_access_is_active_until_it_ends() -> None:
    own = lists(Reader("alice"))
    approved = request(state=RequestState.APPROVED)
    assert own.is_active(approved, NOW)
    assert own.is_active(replace(approved, access_until=None), NOW)
    assert not own.is_active(approved, NOW + timedelta(hours=8))
    assert not own.is_active(request(), NOW)
    assert not own.is_active(request(state=RequestState.PROMOTED), NOW)
    assert not lists(Reader("bob", sees_all_requests=True)).is_active(approved, NOW)


def test_approvers_are_checked_by_the_settings() -> None:
    assert lists(Reader(), OVERRIDING).is_reviewable(request())
    assert lists(Reader("eve", held=frozenset({"lead"})), OVERRIDING).is_reviewable(request())
    assert not lists(REVIEWING, ReviewPolicy(ReviewMode.OVERRIDE, {"*": ()})).is_visible(
        request(user="carol", roles=("prod",))
    )
    assert not lists(Reader(denying_roles=(DENYING,)), OVERRIDING).is_reviewable(request())


readers = st.builds(
    Reader,
    name=st.sampled_from(("alice", "bob")),
    held=st.sampled_from((frozenset(), frozenset({"lead"}))),
    roles=st.lists(st.sampled_from(ROLES), max_size=2).map(tuple),
    denying_roles=st.lists(st.sampled_from(ROLES), max_size=2).map(tuple),
    sees_all_requests=st.booleans(),
    static_access=st.sampled_from((None, STATIC)),
)
policies = st.sampled_from((ReviewPolicy(), OVERRIDING, ReviewPolicy(ReviewMode.NOTIFY)))
near = st.builds(
    request,
    user=st.sampled_from(("alice", "bob", "carol")),
    roles=st.sampled_from((("staging",), ("prod",), ("staging", "prod"))),
    state=st.sampled_from(RequestState),
    reviews=st.sampled_from(((), (Review("bob", RequestState.APPROVED),))),
    suggested_reviewers=st.sampled_from(((), ("alice", "bob"))),
    long_term=st.booleans(),
    reason=st.sampled_from(("incident", "curiosity")),
    role_thresholds=st.sampled_from(({}, {"staging": (), "prod": ()})),
)


@given(readers, policies, st.lists(near | requests(), max_size=12))
def test_lists_show_only_visible_requests(
    reader: Reader, policy: ReviewPolicy, listed: list[AccessRequest]
) -> None:
    found = RequestLists(policy, reader)
    for each in listed:
        named = (found.is_own(each), found.is_reviewable(each), found.is_suggested(each))
        assert found.is_visible(each) or not any(named)
        assert not (found.is_own(each) and (found.is_reviewable(each) or found.is_suggested(each)))
        assert found.is_own(each) or not found.is_active(each, NOW)


@given(readers, policies, st.lists(near, max_size=12))
def test_remembered_verdicts_equal_fresh_ones(
    reader: Reader, policy: ReviewPolicy, listed: list[AccessRequest]
) -> None:
    """A remembered verdict depends on the roles, the requester and the mode only."""
    found = RequestLists(policy, reader)
    for each in listed:
        if policy.mode_of(each) is ReviewMode.OVERRIDE:
            may = policy.may_override(reader.name, reader.held, each)
            denying = Reviewer(reader.name, reader.denying_roles, reader.static_access)
            denied = ReviewPermission(denying).is_denied(each)
            expected = MayReview.YES if may and not denied else MayReview.NO
        else:
            reviewer = Reviewer(reader.name, reader.roles, reader.static_access)
            expected = ReviewPermission(reviewer).may_review(each)
        assert found.may_review(each) is expected


@given(
    readers, st.lists(near | requests(), max_size=5), st.sampled_from([ReviewPolicy(), OVERRIDING])
)
def test_many_pending_requests_for_the_same_roles_are_decided_as_one(
    reader: Reader, others: list[AccessRequest], policy: ReviewPolicy
) -> None:
    """A pending request still has all of its roles."""
    same = [
        replace(each, roles=("staging",), role_thresholds={}, state=RequestState.PENDING)
        for each in (*others, request(user="bob"))
    ]
    found = lists(reader, policy)
    expected = [each for each in same if found.is_reviewable(each)]
    assert found.reviewable_of(same) == expected

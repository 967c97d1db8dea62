"""Review permission of a user, as far as the bot can evaluate it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teleport.rules.accounts import Account
from sandbox.teleport.rules.reviewers import may_review as may_review_in_the_stand_in
from sandbox.teleport.state.resources import label_values
from sandbox.teleport.state.resources import role as role_message
from teleport_client._proto.types_pb2 import (
    AccessRequestSpecV3,
    AccessReviewConditions,
    RoleConditions,
)
from teleport_client._proto.types_pb2 import ClaimMapping as ClaimMessage
from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.model.user import (
    ClaimMapping,
    Conditions,
    ReviewConditions,
    Role,
    StaticAccess,
    Traits,
)
from teleport_client.rules.review_permission import (
    MayReview,
    Reviewer,
    ReviewGrounds,
    ReviewPermission,
)
from teleport_client.services.roles import role_from

NO, UNKNOWN, YES = MayReview.NO, MayReview.UNKNOWN, MayReview.YES
TEAM = ClaimMapping("team", "*", ("$1",))
FROM_DB = 'contains(reviewer.traits["team"], "db")'
TRAITS = {"team": ("db", "prod")}


def asks(*roles: str, reason: str = "") -> AccessRequest:
    return AccessRequest(
        id="i", user="alice", roles=roles, state=RequestState.PENDING, reason=reason
    )


def allows(*roles: str, where: str = "", claims: tuple[ClaimMapping, ...] = ()) -> Role:
    return Role("r", allow=Conditions(review=ReviewConditions(roles, claims, where)))


def denies(*roles: str, where: str = "", claims: tuple[ClaimMapping, ...] = ()) -> Role:
    return Role("d", deny=Conditions(review=ReviewConditions(roles, claims, where)))


def permission(*roles: Role, traits: Traits | None = None, name: str = "bob") -> ReviewPermission:
    names = tuple(role.name for role in roles)
    static = None if traits is None else StaticAccess(names, traits)
    return ReviewPermission(Reviewer(name, roles, static))


def verdict(*roles: Role, request: AccessRequest, traits: Traits | None = None) -> MayReview:
    return permission(*roles, traits=traits).may_review(request)


def test_every_requested_role_must_be_allowed() -> None:
    """Roles add up: different roles can allow different requested roles."""
    both = asks("staging", "prod")
    assert verdict(allows("staging"), request=both) is NO
    assert verdict(allows("staging"), allows("prod"), request=both) is YES


def test_requester_cannot_review() -> None:
    own = permission(allows("*"), name="alice")
    assert own.may_review(asks("staging")) is NO
    assert own.grounds(asks("staging")) == ReviewGrounds(())


def test_one_denied_role_denies_the_request() -> None:
    roles = [allows("*"), denies("prod")]
    assert verdict(*roles, request=asks("staging", "prod")) is NO
    assert verdict(*roles, request=asks("staging")) is YES


def test_originally_requested_roles_count() -> None:
    """An approver can remove some of them."""
    narrowed = replace(
        asks("staging"), state=RequestState.APPROVED, role_thresholds={"staging": (), "prod": ()}
    )
    assert verdict(allows("staging"), request=narrowed) is NO
    assert verdict(allows("staging"), allows("prod"), request=narrowed) is YES


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([allows("prod", where=FROM_DB)], YES),
        ([allows("prod", where=f"!{FROM_DB}")], NO),
        ([allows("prod", where='request.reason == "disk"')], YES),
        ([allows("prod", where='request.reason == "x"'), allows("prod", where="true")], YES),
        ([allows("prod", where='contains(reviewer.roles, "r")')], YES),
        ([allows("*"), denies("prod", where=FROM_DB)], NO),
        ([allows("*"), denies("prod", where=f"!{FROM_DB}")], YES),
        ([allows("*"), denies("dev", where=FROM_DB)], YES),
        ([allows(claims=(TEAM,))], YES),
        ([allows(claims=(replace(TEAM, claim="group"),))], NO),
        ([allows("*"), denies(claims=(TEAM,))], NO),
    ],
)
def test_conditions_and_claims_are_evaluated(roles: list[Role], expected: MayReview) -> None:
    """Groups of roles with different conditions add up."""
    one = asks("prod", reason="disk")
    assert verdict(*roles, request=one, traits=TRAITS) is expected


def test_conditions_for_teleport_only_leave_the_result_open() -> None:
    """These are unreadable predicates and patterns, and everything about unknown traits."""
    one = asks("prod")
    assert verdict(allows("prod", where="x"), request=one) is UNKNOWN
    assert verdict(allows("prod", where=FROM_DB), request=one) is UNKNOWN
    assert verdict(allows(claims=(TEAM,)), request=one) is UNKNOWN
    assert verdict(allows("{{external.x}}"), request=one) is UNKNOWN
    assert verdict(allows("^(?=prod)$"), request=one) is UNKNOWN
    assert verdict(allows("*"), denies("prod", where="x"), request=one) is UNKNOWN
    assert verdict(allows("prod", where="x"), request=asks("dev")) is NO


def test_unreadable_condition_prevents_a_certain_permission() -> None:
    """Teleport's check fails with an error, even if another role would suffice."""
    one = asks("prod")
    assert verdict(allows("prod"), allows("dev", where="x"), request=one) is UNKNOWN
    assert verdict(allows("prod"), denies("dev", where="x"), request=one) is UNKNOWN
    assert verdict(allows("prod"), denies("prod"), allows("prod", where="x"), request=one) is NO


def test_conditions_about_a_draft_are_open() -> None:
    """Its roles, reason and annotations can still change."""
    by_reason = permission(allows("*", where='request.reason == "x"'), traits=TRAITS)
    assert by_reason.may_review(asks("prod")) is NO
    assert by_reason.may_review(asks("prod"), draft=True) is UNKNOWN
    by_traits = permission(allows("*", where=f"!{FROM_DB}"), traits=TRAITS)
    assert by_traits.may_review(asks("prod"), draft=True) is NO


def test_only_conditions_about_texts_depend_on_more_than_roles() -> None:
    assert not permission(allows("*"), allows("*", where=FROM_DB)).depends_on_texts
    assert not permission(allows("*", where='contains(request.roles, "x")')).depends_on_texts
    assert permission(allows("*", where='request.reason == "x"')).depends_on_texts
    annotations = 'contains(request.system_annotations["a"], "x")'
    assert permission(denies("*", where=annotations)).depends_on_texts


def test_user_with_patterns_or_claimed_roles_reviews_anything() -> None:
    assert permission(allows("dev", where="x")).allows_any
    assert permission(allows(claims=(TEAM,))).allows_any
    assert permission(allows(claims=(TEAM,)), traits=TRAITS).allows_any
    assert not permission(allows(claims=(TEAM,)), traits={}).allows_any
    assert not permission(denies("dev"), traits={}).allows_any


def test_grounds_name_the_roles_and_their_open_conditions() -> None:
    """A role that allows one of several requested roles counts, too."""
    both = asks("staging", "prod")
    roles = [allows("staging"), allows("prod", where="x"), allows("dev"), denies("prod")]
    assert permission(*roles).grounds(both) == ReviewGrounds(("r", "r"), ("x",))
    assert permission(allows(claims=(TEAM,))).grounds(both) == ReviewGrounds(("r",), by_traits=True)
    met = [allows("prod", where=FROM_DB), allows(claims=(TEAM,)), allows("prod", where="1 == 2")]
    assert permission(*met, traits=TRAITS).grounds(both) == ReviewGrounds(("r", "r"))


names = st.sampled_from(["staging", "prod", "dev"])


@given(st.lists(names, min_size=1, unique=True), st.lists(names), st.lists(names), st.lists(names))
def test_more_allow_never_hurts_and_more_deny_never_helps(
    asked: list[str], allowed: list[str], more: list[str], denied: list[str]
) -> None:
    """The result changes in one direction only."""
    order, request = [NO, UNKNOWN, YES], asks(*asked)
    before = verdict(allows(*allowed), request=request)
    with_more = verdict(allows(*allowed), allows(*more), request=request)
    with_deny = verdict(allows(*allowed), denies(*denied), request=request)
    assert order.index(with_more) >= order.index(before) >= order.index(with_deny)


def test_deny_rule_counts_unless_its_condition_certainly_fails() -> None:
    both = asks("staging", "prod")
    assert not permission(allows("*")).is_denied(both)
    assert not permission(denies("dev")).is_denied(both)
    assert permission(allows("*"), denies("prod")).is_denied(both)
    assert permission(denies("prod", where="x")).is_denied(both)
    assert permission(denies("{{external.x}}")).is_denied(both)
    assert permission(denies("prod", where=FROM_DB)).is_denied(both)
    assert permission(denies("prod", where=FROM_DB), traits=TRAITS).is_denied(both)
    assert not permission(denies("prod", where=f"!{FROM_DB}"), traits=TRAITS).is_denied(both)


conditions = st.builds(
    AccessReviewConditions,
    Roles=st.lists(st.sampled_from(["staging", "prod", "*", "p*", "^(dev|prod)$"]), max_size=2),
    Where=st.sampled_from(
        [
            "",
            FROM_DB,
            f"!{FROM_DB}",
            'request.reason == "disk"',
            'contains(reviewer.roles, "role-1")',
            'contains(request.roles, "prod") && !contains(request.system_annotations["a"], "x")',
        ]
    ),
    ClaimsToRoles=st.lists(
        st.builds(
            ClaimMessage,
            Claim=st.sampled_from(["team", "group"]),
            Value=st.sampled_from(["*", "db", "^p(.*)$"]),
            Roles=st.lists(st.sampled_from(["$1", "p$1", "dev", "d*"]), max_size=2),
        ),
        max_size=1,
    ),
)
strings = st.lists(st.sampled_from(["db", "prod", "rod"]), max_size=2)


@given(
    st.lists(st.tuples(conditions, conditions), max_size=3),
    st.lists(names, min_size=1, unique=True),
    st.sampled_from(["", "disk"]),
    st.fixed_dictionaries({}, optional={"team": strings, "group": strings}),
    st.sampled_from([{}, {"a": ["x"]}]),
)
def test_bot_and_stand_in_agree(
    held: list[tuple[AccessReviewConditions, AccessReviewConditions]],
    asked: list[str],
    reason: str,
    traits: dict[str, list[str]],
    annotations: dict[str, list[str]],
) -> None:
    """They were written independently, from the same facts about Teleport."""
    messages = [
        role_message(
            f"role-{number}",
            RoleConditions(ReviewRequests=allow),
            RoleConditions(ReviewRequests=deny),
        )
        for number, (allow, deny) in enumerate(held)
    ]
    texts = {key: tuple(values) for key, values in traits.items()}
    spec = AccessRequestSpecV3(
        User="alice",
        Roles=asked,
        RequestReason=reason,
        SystemAnnotations=label_values(annotations),
    )
    expected = may_review_in_the_stand_in(Account("bob", tuple(messages), texts), spec)
    request = replace(
        asks(*asked, reason=reason),
        annotations={key: tuple(values) for key, values in annotations.items()},
    )
    roles = [role_from(each) for each in messages]
    assert permission(*roles, traits=texts).may_review(request) is (YES if expected else NO)

"""Review permission of a user, as far as roles alone determine it."""

from hypothesis import given
from hypothesis import strategies as st

from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.model.user import Conditions, ReviewConditions, Role
from teleport_client.rules.review_permission import (
    MayReview,
    ReviewGrounds,
    is_review_denied,
    may_review,
    review_grounds,
)


def asks(*roles: str) -> AccessRequest:
    return AccessRequest(id="i", user="alice", roles=roles, state=RequestState.PENDING)


def allows(*roles: str, where: str = "", from_claims: bool = False) -> Role:
    return Role("r", allow=Conditions(review=ReviewConditions(roles, from_claims, where)))


def denies(*roles: str, where: str = "") -> Role:
    return Role("d", deny=Conditions(review=ReviewConditions(roles, where=where)))


def test_every_requested_role_must_be_allowed() -> None:
    """Roles add up: different roles can allow different requested roles."""
    both = asks("staging", "prod")
    assert may_review("bob", [allows("staging")], both) is MayReview.NO
    assert may_review("bob", [allows("staging"), allows("prod")], both) is MayReview.YES


def test_requester_cannot_review() -> None:
    assert may_review("alice", [allows("*")], asks("staging")) is MayReview.NO


def test_one_denied_role_denies_the_request() -> None:
    roles = [allows("*"), denies("prod")]
    assert may_review("bob", roles, asks("staging", "prod")) is MayReview.NO
    assert may_review("bob", roles, asks("staging")) is MayReview.YES


def test_conditions_for_teleport_only_leave_the_result_open() -> None:
    """These are `where`, claims and unreadable patterns."""
    one = asks("prod")
    assert may_review("bob", [allows("prod", where="x")], one) is MayReview.UNKNOWN
    assert may_review("bob", [allows(from_claims=True)], one) is MayReview.UNKNOWN
    assert may_review("bob", [allows("{{external.x}}")], one) is MayReview.UNKNOWN
    assert may_review("bob", [allows("^(?=prod)$")], one) is MayReview.UNKNOWN
    assert may_review("bob", [allows("*"), denies("prod", where="x")], one) is MayReview.UNKNOWN
    assert may_review("bob", [allows("prod"), allows("prod", where="x")], one) is MayReview.YES


def test_grounds_name_the_roles_and_their_conditions() -> None:
    """A role that allows one of several requested roles counts, too."""
    both = asks("staging", "prod")
    roles = [allows("staging"), allows("prod", where="x"), allows("dev"), denies("prod")]
    assert review_grounds("bob", roles, both) == ReviewGrounds(("r", "r"), ("x",))
    claims = [allows(from_claims=True)]
    assert review_grounds("bob", claims, both) == ReviewGrounds(("r",), by_traits=True)
    assert review_grounds("alice", roles, both) == ReviewGrounds(())


names = st.sampled_from(["staging", "prod", "dev"])


@given(st.lists(names, min_size=1, unique=True), st.lists(names), st.lists(names), st.lists(names))
def test_more_allow_never_hurts_and_more_deny_never_helps(
    asked: list[str], allowed: list[str], more: list[str], denied: list[str]
) -> None:
    """The result changes in one direction only."""
    order = [MayReview.NO, MayReview.UNKNOWN, MayReview.YES]
    before = may_review("bob", [allows(*allowed)], asks(*asked))
    with_more = may_review("bob", [allows(*allowed), allows(*more)], asks(*asked))
    with_deny = may_review("bob", [allows(*allowed), denies(*denied)], asks(*asked))
    assert order.index(with_more) >= order.index(before) >= order.index(with_deny)


def test_any_deny_rule_for_a_requested_role_counts_as_denied() -> None:
    """Cover also rules that only Teleport can evaluate."""
    both = asks("staging", "prod")
    assert not is_review_denied([allows("*")], both)
    assert not is_review_denied([denies("dev")], both)
    assert is_review_denied([allows("*"), denies("prod")], both)
    assert is_review_denied([denies("prod", where="x")], both)
    assert is_review_denied([denies("{{external.x}}")], both)

"""Rules of roles, evaluated without their conditions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleport_client.model.user import Conditions, Role, Rule
from teleport_client.rules.access_rules import (
    Denial,
    can_list_requests,
    find_denial,
    has_verb,
    verbs_missing_for_requests,
)

VERBS = ("create", "list", "read", "update")


def allows(resource: str, *verbs: str, where: str = "") -> Role:
    return Role("a", allow=Conditions(rules=(Rule((resource,), verbs, where),)))


def denies(resource: str, *verbs: str, where: str = "", name: str = "d") -> Role:
    return Role(name, deny=Conditions(rules=(Rule((resource,), verbs, where),)))


@pytest.mark.parametrize(
    ("resource", "verb", "denied"),
    [
        ("access_request", "list", True),
        ("access_request", "*", True),
        ("*", "list", True),
        ("*", "*", True),
        ("access_request", "read", False),
        ("user", "list", False),
        ("access_", "list", False),
    ],
)
def test_deny_rule_matches_by_name_or_wildcard(resource: str, verb: str, denied: bool) -> None:
    roles = [allows("*", "*"), denies(resource, verb)]
    assert (find_denial(roles, "access_request", "list") is not None) is denied
    assert has_verb(roles, "access_request", "list") is not denied


def test_conditional_rule_denies_and_never_allows() -> None:
    conditional = allows("access_request", "list", where="x")
    assert not has_verb([conditional], "access_request", "list")
    assert has_verb([conditional, allows("*", "list")], "access_request", "list")
    roles = [allows("*", "*"), denies("access_request", "list", where="x")]
    assert find_denial(roles, "access_request", "list") == Denial("d", conditional=True)
    assert not has_verb(roles, "access_request", "list")


def test_denial_names_a_role_without_a_condition_first() -> None:
    """Its error text is more specific."""
    roles = [denies("*", "*", where="x", name="maybe"), denies("*", "*", name="certain")]
    assert find_denial(roles, "access_request", "list") == Denial("certain", conditional=False)


def test_requests_are_visible_only_with_list_and_read() -> None:
    assert can_list_requests([allows("access_request", "list"), allows("*", "read")])
    assert not can_list_requests([allows("access_request", "list")])
    assert not can_list_requests([allows("*", "*"), denies("access_request", "read")])


@pytest.mark.parametrize(
    ("roles", "missing"),
    [
        ([allows("access_request", "list", "read")], ()),
        ([allows("access_request", "list"), allows("access_request", "read", where="x")], ()),
        ([allows("*", "*"), denies("access_request", "list", where="x")], ()),
        ([allows("access_request", "read")], ("list",)),
        ([allows("*", "*"), denies("access_request", "read")], ("read",)),
        ([], ("list", "read")),
    ],
)
def test_verbs_for_requests_are_missing_under_all_conditions(
    roles: list[Role], missing: tuple[str, ...]
) -> None:
    assert verbs_missing_for_requests(roles) == missing


rules = st.builds(
    Rule,
    st.lists(st.sampled_from(["access_request", "user", "*"])).map(tuple),
    st.lists(st.sampled_from([*VERBS, "*"])).map(tuple),
    st.sampled_from(["", "x"]),
)
roles_with_rules = st.lists(
    st.builds(
        lambda allow, deny: Role("r", Conditions(tuple(allow)), Conditions(tuple(deny))),
        st.lists(rules, max_size=3),
        st.lists(rules, max_size=3),
    ),
    max_size=4,
)


@given(roles_with_rules, roles_with_rules, st.sampled_from(VERBS))
def test_more_roles_never_lift_a_denial(held: list[Role], more: list[Role], verb: str) -> None:
    """No call is both allowed and denied."""
    if find_denial(held, "access_request", verb) is not None:
        assert find_denial(held + more, "access_request", verb) is not None
        assert not has_verb(held + more, "access_request", verb)

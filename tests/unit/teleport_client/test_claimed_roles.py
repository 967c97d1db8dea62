"""Roles that traits add to review conditions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teleport.rules.patterns import claimed as claimed_in_the_stand_in
from teleport_client._proto.types_pb2 import ClaimMapping as Message
from teleport_client.model.user import ClaimMapping
from teleport_client.rules.claimed_roles import claimed_roles
from teleport_client.rules.role_pattern import UnreadablePattern

REQUESTED = ("a", "b", "ab", "a-b", "A", "$a", "a$", "x-a", "x-ab", "db", "x-", "a1", "$1", "^a$")


def named(value: str, role: str, *traits: str) -> set[str]:
    """Return the requested roles that a mapping adds."""
    matchers = [*claimed_roles(ClaimMapping("team", value, (role,)), {"team": traits})]
    return {each for each in REQUESTED if any(matches(each) for matches in matchers)}


@pytest.mark.parametrize(
    ("value", "role", "trait", "roles"),
    [
        ("a", "x-a", "a", {"x-a"}),
        ("a", "x-*", "a", {"x-a", "x-ab", "x-"}),
        ("a", "^x-a.*$", "a", {"x-a", "x-ab"}),
        ("a", "x-a", "b", set()),
        ("a", "x-a", "A", set()),
        ("*", "x-$1", "a", {"x-a"}),
        ("*", "x-${1}", "a", {"x-a"}),
        ("^(.)(.)$", "$2$1", "ba", {"ab"}),
        ("*", "$1x", "a", set()),
        ("*", "x-$2", "a", {"x-"}),
        ("*", "$1", "", set()),
        ("*", "$1", "*", set()),
        ("*", "$$1", "a", {"$1"}),
        ("^(?P<name>.*)$", "x-$name", "a", {"x-a"}),
        ("^a|b$", "x-a", "a", {"x-a"}),
        ("^([a-z]*)(.*)$", "$1", "aB", set()),
        ("a.b", "a", "a-b", set()),
    ],
)
def test_traits_add_roles_as_in_teleport(
    value: str, role: str, trait: str, roles: set[str]
) -> None:
    assert named(value, role, trait) == roles


def test_claim_is_the_exact_name_of_the_trait() -> None:
    mapping = ClaimMapping("team", "*", ("a",))
    assert not [*claimed_roles(mapping, {"Team": ("x",), "teams": ("x",)})]
    assert len([*claimed_roles(mapping, {"team": ("x", "y")})]) == 2


@pytest.mark.parametrize(
    ("value", "role"),
    [
        ("^($", "a"),
        ("^(?=a)a$", "a"),
        ("a", "{{external.x}}"),
        ("^a|b$", "x"),
        ("^a|b$", "$1"),
        ("*", "$é"),
    ],
)
def test_uncertain_roles_are_reported(value: str, role: str) -> None:
    """Teleport skips a broken mapping; it keeps the text around a match of `^a|b$`."""
    with pytest.raises(UnreadablePattern):
        named(value, role, "ax", "a")


values = st.text("abAB*", max_size=4) | st.sampled_from(
    ["^(.*)b$", "^a|b$", "^([a-z]*)(.*)$", "^(?P<n>a)?.*$", "^($", "^$"]
)
templates = st.lists(
    st.sampled_from(["a", "b", "x-", "*", "$", "$1", "${1}", "$2", "${n}", "$n", "$1x", "{", "}"]),
    max_size=3,
).map("".join)


@given(values, st.lists(templates, max_size=3), st.lists(st.text("abAB$", max_size=3)))
def test_bot_and_stand_in_agree(value: str, roles: list[str], traits: list[str]) -> None:
    """They were written independently, from the same facts about Teleport."""
    mapping = ClaimMapping("team", value, tuple(roles))
    try:
        matchers = [*claimed_roles(mapping, {"team": tuple(traits)})]
    except UnreadablePattern:
        return
    message = Message(Claim="team", Value=value, Roles=roles)
    theirs = claimed_in_the_stand_in([message], {"team": traits})
    for each in {*REQUESTED, *roles, *traits}:
        assert any(matches(each) for matches in matchers) is any(it(each) for it in theirs)

"""How roles are named: globs, regular expressions, templates and claims."""

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teleport.errors import BadParameter
from sandbox.teleport.rules.patterns import claimed, matcher
from teleport_client._proto.types_pb2 import ClaimMapping

names = st.text(alphabet="abc*.?+$^(|)-_ \n", max_size=12)
plain_names = st.text(alphabet="abcxyz-_.", min_size=1, max_size=12)


@given(name=st.text(alphabet="abc.?+^(|)[]\\$-", min_size=1, max_size=12), other=names)
def test_text_without_an_asterisk_is_literal(name: str, other: str) -> None:
    """Only the text itself matches, including characters with a meaning elsewhere."""
    if name.startswith("^") and name.endswith("$"):
        return
    matches = matcher(name)
    assert matches(name)
    assert matches(other) == (other == name)


@given(before=plain_names, middle=plain_names, after=plain_names)
def test_asterisk_is_any_text(before: str, middle: str, after: str) -> None:
    """An asterisk matches any text, also an empty one. The rest is anchored at both ends."""
    matches = matcher(f"{before}*{after}")
    assert matches(before + middle + after)
    assert matches(before + after)
    assert not matches(f"{before}{middle}{after}!")
    assert not matches(f"!{before}{middle}{after}")


@given(name=names)
def test_asterisk_matches_every_line(name: str) -> None:
    """The asterisk alone matches everything without a line break."""
    assert matcher("*")(name) == ("\n" not in name)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^(dev|prod)$", "prod", True),
        ("^(dev|prod)$", "production", False),
        ("^dev|prod$", "my-prod", True),  # searched, so half anchored
        ("^dev-\\d+$", "dev-12", True),
        ("^dev-\\d+$", "dev-१२", False),  # RE2's classes are ASCII
        ("^dev$", "dev\n", False),  # RE2's end is the end of the text
        ("^[[:alpha:]]+$", "dev", True),
        ("^[[:alpha:]]+$", "dev-1", False),
        ("^[$]$", "$", True),
        ("^\\$$", "$", True),
        ("Dev", "dev", False),
        ("dev?", "devs", False),
        ('{{regexp.match("^dev-.*$")}}', "dev-1", True),
        ('{{regexp.not_match("^dev-.*$")}}', "dev-1", False),
        ('{{regexp.not_match("^dev-.*$")}}', "ops", True),
        ('team-{{regexp.match("^[ab]$")}}-x', "team-a-x", True),
        ('team-{{regexp.match("^[ab]$")}}-x', "team-c-x", False),
        ('team-{{regexp.match("^[ab]$")}}-x', "a", False),
    ],
)
def test_examples(pattern: str, text: str, *, matches: bool) -> None:
    """Teleport's pattern language, by example."""
    assert matcher(pattern)(text) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        "{{external.team}}",
        "{{regexp.replace()}}",
        "dev}}",
        "^(?=dev)$",
        "^(dev)\\1$",
        "^(dev$",
        "^dev\\Z|x$",
        '{{regexp.match("(")}}',
        '{{regexp.match("\\d")}}',
    ],
)
def test_refused_patterns(pattern: str) -> None:
    """Variables, unknown functions and unsupported RE2 syntax are errors."""
    with pytest.raises(BadParameter):
        matcher(pattern)


def names_claimed(
    value: str, roles: Iterable[str], trait: str, candidates: Iterable[str]
) -> set[str]:
    matchers = claimed([ClaimMapping(Claim="team", Value=value, Roles=roles)], {"team": [trait]})
    return {name for name in candidates if any(matches(name) for matches in matchers)}


@pytest.mark.parametrize(
    ("value", "role", "trait", "claimed_roles"),
    [
        ("db", "dba", "db", {"dba"}),
        ("db", "dba", "web", set()),
        ("DB", "dba", "db", set()),
        ("*", "$1-admin", "db", {"db-admin"}),
        ("*", "${1}s", "db", {"dbs"}),
        ("*", "$1s", "db", set()),  # names the group "1s", which there is not
        ("^team-(.*)$", "$1", "team-db", {"db"}),
        ("db", "db*", "db", {"db-admin", "dba", "db", "dbs"}),
        ("*", "$1*", "db", set()),  # expanded values are literal
        ("^(", "dba", "db", set()),
        ("^($", "dba", "db", set()),  # cannot be compiled, so it is skipped
    ],
)
def test_claims(value: str, role: str, trait: str, claimed_roles: set[str]) -> None:
    """A trait's value earns roles, with groups put into their names."""
    candidates = ("dba", "db-admin", "dbs", "db")
    assert names_claimed(value, [role], trait, candidates) == claimed_roles


def test_claim_of_another_trait() -> None:
    """A mapping for a trait that the user lacks earns nothing."""
    mapping = ClaimMapping(Claim="team", Value="*", Roles=["dba"])
    assert claimed([mapping], {"group": ["db"]}) == ()


@given(expression=st.from_regex(r"\^[a-c|.*]{0,8}\$", fullmatch=True), text=names)
def test_regular_expressions_agree_with_python(expression: str, text: str) -> None:
    """Patterns with the same meaning in both languages match the same texts."""
    try:
        expected = re.compile(expression[:-1] + r"\Z").search(text) is not None
    except re.error:
        return
    assert matcher(expression)(text) is expected

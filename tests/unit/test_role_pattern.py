"""Patterns by which Teleport's roles name other roles."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleport_client.role_pattern import UnreadablePattern, matches

names = st.text(string.ascii_letters + string.digits + "-_.", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("pattern", "role", "named"),
    [
        ("prod", "prod", True),
        ("prod", "prod-db", False),
        ("*", "anything", True),
        ("dev-*", "dev-web", True),
        ("dev-*", "Dev-web", False),
        ("*-db", "prod-db", True),
        ("a?c", "abc", False),
        ("a.c", "abc", False),
        ("^dev-[0-9]+$", "dev-12", True),
        ("^dev-[0-9]+$", "dev-x", False),
        ("^a|b$", "xxb", True),
        ('{{regexp.match("^prod-.*$")}}', "prod-db", True),
        ('{{regexp.not_match("^prod-.*$")}}', "prod-db", False),
        ('{{regexp.not_match("^prod-.*$")}}', "dev", True),
        ('team-{{regexp.match("[a-z]+")}}-x', "team-abc-x", True),
        ('team-{{regexp.match("[a-z]+")}}-x', "team-123-x", False),
    ],
)
def test_patterns_name_roles_as_teleport_reads_them(pattern: str, role: str, named: bool) -> None:
    """Globs are anchored and literal but for the star; expressions are searched for."""
    assert matches(pattern, role) is named


@given(names)
def test_a_plain_name_names_itself_only(name: str) -> None:
    """A name without a star is literal, dots and all."""
    assert matches(name, name)
    assert not matches(name, f"{name}x")


@given(names, names, names)
def test_a_star_stands_for_any_text(before: str, between: str, after: str) -> None:
    """One star covers whatever is between its neighbours, also nothing."""
    assert matches(f"{before}*{after}", before + between + after)
    assert matches(f"{before}*{after}", before + after)


@pytest.mark.parametrize("pattern", ["{{external.role}}", "^(unclosed$", "{{regexp.match(x)}}"])
def test_what_cannot_be_read_is_not_guessed(pattern: str) -> None:
    """A pattern that is an error to Teleport, or to us, is said to be one."""
    with pytest.raises(UnreadablePattern):
        matches(pattern, "prod")

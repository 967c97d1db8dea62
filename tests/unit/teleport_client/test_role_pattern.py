"""Patterns in Teleport's roles that match other roles."""

import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleport_client.rules.role_pattern import UnreadablePattern, matches
from tests.cpu_limit import cpu_limit

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
        ("^[[:alpha:]]+$", "prod", True),
        ("^[[:alpha:]]+$", "prod-1", False),
        (r"^\pL+$", "é", True),
        (r"^\w+$", "é", False),
        ("^prod$", "prod\n", False),
        ("^a{,2}$", "a{,2}", True),
        ("*", "two\nlines", False),
        ('{{regexp.match("^prod-.*$")}}', "prod-db", True),
        (r'{{regexp.match("^\\d+$")}}', "12", True),
        (r"{{regexp.match(`^\d+$`)}}", "12", True),
        ('ab{{regexp.match("^c$")}}bc', "abc", True),
        ('{{regexp.not_match("^prod-.*$")}}', "prod-db", False),
        ('{{regexp.not_match("^prod-.*$")}}', "dev", True),
        ('team-{{regexp.match("[a-z]+")}}-x', "team-abc-x", True),
        ('team-{{regexp.match("[a-z]+")}}-x', "team-123-x", False),
        ('team-{{regexp.match("[a-z]+")}}-x', "abc-x", False),
    ],
)
def test_patterns_match_roles_as_in_teleport(pattern: str, role: str, named: bool) -> None:
    """Globs are anchored, and literal except for the star. Expressions match anywhere."""
    assert matches(pattern, role) is named


@given(names)
def test_name_without_star_matches_only_itself(name: str) -> None:
    assert matches(name, name)
    assert not matches(name, f"{name}x")


@given(names, names, names)
def test_star_matches_any_text(before: str, between: str, after: str) -> None:
    """The text can be empty."""
    assert matches(f"{before}*{after}", before + between + after)
    assert matches(f"{before}*{after}", before + after)


@pytest.mark.parametrize(
    "pattern",
    [
        "{{external.role}}",
        "^(unclosed$",
        "{{regexp.match(x)}}",
        "^(?=prod)$",
        r"^(a)\1$",
        r"^prod\Z|x$",
        r"^\Cprod$",
        "^a{1001}$",
        r'{{regexp.match("\d+")}}',
        '{{regexp.match("a{2}")}}',
        "^\ud800$",
    ],
)
def test_unreadable_pattern_is_reported(pattern: str) -> None:
    """Teleport rejects these, or Python can't evaluate them the same way."""
    with pytest.raises(UnreadablePattern):
        matches(pattern, "prod")


@pytest.mark.parametrize(
    ("pattern", "role"),
    [
        ("^(a+)+$", f"{'a' * 40_000}!"),
        ("*a" * 30, f"{'a' * 20_000}!"),
        ("{{regexp.match(" + '"' * 40_000, "a"),
        ('{{regexp.match("' + ' " ' * 40_000, "a"),
    ],
)
def test_matching_takes_linear_time(pattern: str, role: str) -> None:
    """Backtracking would take minutes to years."""
    with suppress(UnreadablePattern), cpu_limit(seconds=2):
        matches(pattern, role)


@pytest.mark.parametrize("pattern", ["{{external.groups}}", '{{regexp.find("x")}}', "{{"])
def test_template_of_another_kind_is_unreadable(pattern: str) -> None:
    """Teleport resolves it from a user's traits, which the bot doesn't do."""
    with pytest.raises(UnreadablePattern):
        matches(pattern, "prod")

"""The language of /teleport-request."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.grammar import ask_from, wants_help
from workspace.ask import Ask
from workspace.refusal import Refusal

HOUR = timedelta(hours=1)
KEYWORDS = {"for", "because"}
roles = st.lists(
    st.from_regex(r"[a-z][a-z0-9._-]{0,20}", fullmatch=True).filter(lambda r: r not in KEYWORDS),
    min_size=1,
    max_size=5,
    unique=True,
)
reasons = st.text(min_size=1, max_size=200).map(str.strip).filter(bool)
hours = st.integers(min_value=1, max_value=14 * 24)


@pytest.mark.parametrize(
    ("typed", "ask"),
    [
        ("", Ask()),
        ("staging", Ask(("staging",))),
        ("staging prod", Ask(("staging", "prod"))),
        ("staging,prod", Ask(("staging", "prod"))),
        ("staging staging", Ask(("staging",))),
        ("staging for 2h", Ask(("staging",), duration=2 * HOUR)),
        ("staging for 2 hours and 30 min", Ask(("staging",), duration=2.5 * HOUR)),
        ("staging because redis is stuck", Ask(("staging",), "redis is stuck")),
        ("staging BECAUSE x for 3h", Ask(("staging",), "x for 3h")),
        ("staging because it's --down", Ask(("staging",), "it's --down")),
        ('staging --reason "a b" --duration 2h', Ask(("staging",), "a b", 2 * HOUR)),
        ('staging --reason="a b"', Ask(("staging",), "a b")),
        (
            "staging --reason redis is stuck --duration 1h",
            Ask(("staging",), "redis is stuck", HOUR),
        ),
        ("--roles staging,prod", Ask(("staging", "prod"))),
        ("x --reviewers bob,@carol", Ask(("x",), reviewers=("bob", "carol"))),
        ("x —reason “it’s odd”", Ask(("x",), "it’s odd")),
        ('"for" because x', Ask(("for",), "x")),
        ("staging   for 2h\nbecause\n two lines", Ask(("staging",), "two lines", 2 * HOUR)),
    ],
)
def test_an_ask_is_read_as_people_type_it(typed: str, ask: Ask) -> None:
    """Keywords, flags and typographic quotes lead to the same ask."""
    assert ask_from(typed) == ask


@given(roles, hours, reasons)
def test_what_is_written_in_words_is_read_back(wanted: list[str], count: int, reason: str) -> None:
    """Any roles, any whole number of hours and any reason survive the sentence form."""
    ask = ask_from(f"{' '.join(wanted)} for {count}h because {reason}")
    assert (list(ask.roles), ask.duration, ask.reason) == (wanted, count * HOUR, reason)


@given(roles, hours, reasons.filter(lambda reason: '"' not in reason))
def test_what_is_written_with_flags_is_read_back(
    wanted: list[str], count: int, reason: str
) -> None:
    """The same ask survives the flag form, in any order of flags."""
    ask = ask_from(f'--reason "{reason}" {",".join(wanted)} --duration {count}h')
    assert (list(ask.roles), ask.duration, ask.reason) == (wanted, count * HOUR, reason)


@given(st.text(max_size=300))
def test_no_text_breaks_the_grammar(typed: str) -> None:
    """Whatever is typed is either an ask or a refusal with words."""
    try:
        ask_from(typed)
    except Refusal as refusal:
        assert refusal.sentence.endswith((".", "?"))


@pytest.mark.parametrize(
    ("typed", "helps"),
    [
        ("staging --reson x", "Did you mean --reason?"),
        ("staging --zzzzzz x", "There are --reason"),
        ("staging --reason", '--reason needs something after it, as in --reason "redis is stuck"'),
        ("staging --reason --duration 1h", "--reason needs something after it"),
        ("staging --reviewers ''", "--reviewers needs something after it"),
        ("staging for", "Say for how long, as in: for 2h"),
        ("staging for -999999999999999999999w", "is not possible"),
        (
            f"staging --reviewers {','.join(f'r{n}' for n in range(21))}",
            "Name at most 20 reviewers",
        ),
        ("staging for soon", "“soon” is not a duration. Write it like 30m, 2h"),
        ("staging for 0", "is not a duration"),
        ("staging for 0h", "ask for between a minute and 14 days"),
        ("staging for -1h", "ask for between a minute and 14 days"),
        ("staging for 3 years", "is not a duration"),
        ("staging for 1000 days", "ask for between a minute and 14 days"),
        ("staging --duration 15d", "ask for between a minute and 14 days"),
    ],
)
def test_a_mistake_is_answered_with_the_way_out(typed: str, helps: str) -> None:
    """Each mistake gets a sentence that names it and what to write instead."""
    with pytest.raises(Refusal) as refused:
        ask_from(typed)
    assert helps in refused.value.sentence


@pytest.mark.parametrize("typed", ["help", " HELP ", "--help", "?"])
def test_help_is_understood(typed: str) -> None:
    """The usual words for help are not taken for roles."""
    assert wants_help(typed)


def test_a_role_may_contain_the_word_help() -> None:
    """Only the bare word asks for help."""
    assert not wants_help("helpdesk")

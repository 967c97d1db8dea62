"""Text that others wrote, made safe to show."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.cpu_limit import cpu_limit
from workspace.views.parts.untrusted import escape, safe_line, safe_name, safe_text, truncate

BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u200e\u200f\u061c"
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
hostile = st.text(
    st.characters() | st.sampled_from(BIDI_CONTROLS + ZERO_WIDTH + "<>&`*_~\n\t\u0301"),
    max_size=300,
)


@given(hostile, st.integers(min_value=2, max_value=80))
@example("a\u202eb", 10)
def test_a_label_is_one_visible_line_of_limited_length(text: str, limit: int) -> None:
    """No label can break a line, reorder it, hide a character or outgrow its place."""
    shown = safe_name(text, limit).removeprefix("\u2068").removesuffix("\u2069")
    assert len(shown) <= limit
    assert "\n" not in shown
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} for char in shown)


@given(hostile, st.integers(min_value=2, max_value=200), st.integers(min_value=1, max_value=9))
def test_prose_keeps_to_its_size_and_lines(text: str, limit: int, lines: int) -> None:
    """Free text cannot push the rest of a card away or carry control characters."""
    shown = safe_text(text, limit, lines)
    assert len(shown) <= limit
    assert len(shown.split("\n")) <= lines
    assert not any(
        unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} for char in shown if char != "\n"
    )


@given(st.text())
def test_nothing_is_live_after_escaping(text: str) -> None:
    """Slack's markup needs angle brackets, and none is left; nothing else is changed."""
    escaped = escape(text)
    assert not {"<", ">"} & set(escaped)
    unescaped = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert unescaped == text


def test_names_that_look_alike_are_told_apart() -> None:
    """A zero-width character in a role's name is marked and not just left out."""
    assert safe_name("pro\u200bd") != safe_name("prod")


@pytest.mark.parametrize("blank", "\u034f\u115f\u2800\u3164\uffa0\ufe0f\u180b\U000e0100")
def test_what_shows_nothing_is_no_text(blank: str) -> None:
    """By Unicode's word these are letters or marks."""
    assert safe_name(f"dana{blank}") != "dana"
    assert safe_text(blank, 10) == ""


def test_of_a_very_long_text_the_beginning_is_looked_at() -> None:
    """Whoever made it so long does not hold up everybody else."""
    assert safe_name("\u0301" * 10_000_000) == safe_name("\u0301" * 10_000)
    assert safe_text(" " * 10_000_000 + "end", 10) == "…"


def test_accents_cannot_be_piled_up() -> None:
    """Combining marks stay on their own line; a few on a letter are how some people write."""
    assert safe_text("Ze\u0301" + "\u0300" * 50, 100) == "Ze\u0301\u0300\u0300"
    assert safe_name("Ze\u0301") == "Ze\u0301"


def test_right_to_left_names_leave_their_neighbours_alone() -> None:
    """A Hebrew name is isolated, so that the words beside it stay where they are."""
    assert safe_name("דוד") == "\u2068דוד\u2069"


def test_a_script_that_needs_joiners_stays_readable() -> None:
    """In prose invisible characters are left out rather than marked: Persian uses them."""
    assert safe_text("می\u200cخواهم", 100) == "میخواهم"


def test_what_is_cut_says_so() -> None:
    """An ellipsis stands where text was cut."""
    assert truncate("abcdef", 4) == "abc…"
    assert truncate("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    "part", ["\n", "\n ", "\n \n", "\t", "\u0301", "\r\n", "\u202e", "א", "a "]
)
def test_text_is_made_safe_in_linear_time(part: str) -> None:
    """Also where nearly all of it is shown."""
    text = part * (200_000 // len(part))
    with cpu_limit(seconds=4):
        safe_name(text, len(text))
        safe_text(text, len(text), lines=len(text))
        safe_line(text, 80)

"""Sanitizing of text from outside the bot."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.cpu_limit import cpu_limit
from workspace.text.untrusted import escape, safe_line, safe_name, safe_text, truncate

BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u200e\u200f\u061c"
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
hostile = st.text(
    st.characters() | st.sampled_from(BIDI_CONTROLS + ZERO_WIDTH + "<>&`*_~\n\t\u0301"),
    max_size=300,
)


@given(hostile, st.integers(min_value=2, max_value=80))
@example("a\u202eb", 10)
def test_safe_name_is_one_visible_line_of_limited_length(text: str, limit: int) -> None:
    """A name can't break a line, reorder it, hide a character or exceed its limit."""
    shown = safe_name(text, limit).removeprefix("\u2068").removesuffix("\u2069")
    assert len(shown) <= limit
    assert "\n" not in shown
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} for char in shown)


@given(hostile, st.integers(min_value=2, max_value=200), st.integers(min_value=1, max_value=9))
def test_safe_text_has_limited_size_and_lines(text: str, limit: int, lines: int) -> None:
    """Free text can't displace the rest of a card or contain control characters."""
    shown = safe_text(text, limit, lines)
    assert len(shown) <= limit
    assert len(shown.split("\n")) <= lines
    assert not any(
        unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} for char in shown if char != "\n"
    )


@given(st.text())
def test_escaped_text_contains_no_markup(text: str) -> None:
    """Slack's markup needs angle brackets. No other character is changed."""
    escaped = escape(text)
    assert not {"<", ">"} & set(escaped)
    unescaped = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert unescaped == text


def test_names_with_hidden_characters_are_distinguishable() -> None:
    """A zero-width character in a role's name is marked, not removed."""
    assert safe_name("pro\u200bd") != safe_name("prod")


@pytest.mark.parametrize("blank", "\u034f\u115f\u2800\u3164\uffa0\ufe0f\u180b\U000e0100")
def test_invisible_text_counts_as_empty(blank: str) -> None:
    """Unicode classifies these characters as letters or marks."""
    assert safe_name(f"dana{blank}") != "dana"
    assert safe_text(blank, 10) == ""


def test_only_the_beginning_of_a_very_long_text_is_processed() -> None:
    """A long text must not block the event loop."""
    assert safe_name("\u0301" * 10_000_000) == safe_name("\u0301" * 10_000)
    assert safe_text(" " * 10_000_000 + "end", 10) == "…"


def test_combining_marks_are_limited() -> None:
    """Many marks would overlap other lines. Some languages need a few per letter."""
    assert safe_text("Ze\u0301" + "\u0300" * 50, 100) == "Ze\u0301\u0300\u0300"
    assert safe_name("Ze\u0301") == "Ze\u0301"


def test_right_to_left_name_is_isolated() -> None:
    """A Hebrew name must not reorder the words beside it."""
    assert safe_name("דוד") == "\u2068דוד\u2069"


def test_script_with_joiners_stays_readable() -> None:
    """Free text drops invisible characters instead of marking them, because Persian uses them."""
    assert safe_text("می\u200cخواهم", 100) == "میخواهم"


def test_truncated_text_ends_with_an_ellipsis() -> None:
    assert truncate("abcdef", 4) == "abc…"
    assert truncate("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    "part", ["\n", "\n ", "\n \n", "\t", "\u0301", "\r\n", "\u202e", "א", "a "]
)
def test_text_is_sanitized_in_linear_time(part: str) -> None:
    """Cover also texts that are shown almost completely."""
    text = part * (200_000 // len(part))
    with cpu_limit(seconds=4):
        safe_name(text, len(text))
        safe_text(text, len(text), lines=len(text))
        safe_line(text, 80)


def test_excess_lines_are_replaced_by_an_ellipsis() -> None:
    assert safe_text("a\nb\nc", 80, lines=2) == "a\nb …"

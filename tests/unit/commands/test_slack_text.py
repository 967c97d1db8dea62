"""Command text, which Slack escapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.parsing.slack_text import name_mentions, unescape


@pytest.mark.parametrize(
    ("escaped", "typed"),
    [
        ("R&amp;D is &lt;down&gt;", "R&D is <down>"),
        ("&amp;lt;", "&lt;"),
        ("<https://x.example/a?b=1&amp;c=2>", "https://x.example/a?b=1&c=2"),
        ("<http://db.example.com|db.example.com>", "db.example.com"),
        ("<https://x.example/|https://x.example>", "https://x.example"),
        ("<https://x.example/1|the ticket>", "the ticket (https://x.example/1)"),
        ("<mailto:bob@example.com|bob@example.com>", "bob@example.com"),
        ("<mailto:bob@example.com>", "bob@example.com"),
        ("<tel:+123|+123>", "+123"),
        ("<#C0123|general>", "#general"),
        ("<#C0123|>", "#C0123"),
        ("<#C0123>", "#C0123"),
        ("<!subteam^S012|@sre>", "@sre"),
        ("<!subteam^S012>", "@S012"),
        ("<!here>", "@here"),
        ("<!channel|channel>", "@channel"),
        ("<!date^1700000000^{date}|14 Nov>", "14 Nov"),
        ("<@U012ABC|bob> and <@W012ABC>", "<@U012ABC|bob> and <@W012ABC>"),
        ("a <b> c < d", "a <b> c < d"),
        ("staging because &lt;!here&gt;", "staging because <!here>"),
    ],
)
def test_escaped_text_becomes_the_typed_text(escaped: str, typed: str) -> None:
    assert unescape(escaped) == typed


@given(st.text())
def test_control_characters_are_unescaped_once(typed: str) -> None:
    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert unescape(escaped) == typed


@given(st.text(alphabet="<>|@#!&;^:ambltgU1 ", max_size=40))
def test_any_text_is_unescaped(text: str) -> None:
    assert unescape(f"before {text} after").startswith("before ")
    assert unescape(f"before {text} after").endswith(" after")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<@U012ABC|bob> knows", "@bob knows"),
        ("ask <@W012ABC>", "ask @W012ABC"),
        ("a < b", "a < b"),
    ],
)
def test_mentions_in_a_reason_become_names(text: str, shown: str) -> None:
    assert name_mentions(text) == shown


def test_half_of_a_surrogate_pair_is_replaced() -> None:
    """JSON can contain it, but no call to Teleport."""
    assert unescape("a\ud800b 😀") == "a\ufffdb 😀"

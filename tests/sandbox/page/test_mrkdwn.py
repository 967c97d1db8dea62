"""mrkdwn as HTML: Slack's marks and entities, and text that must not become markup."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.page.render.mrkdwn import render_mrkdwn
from sandbox.page.render.reader import Reader
from tests.sandbox.page.conftest import reader_named
from tests.sandbox.page.parsed import Parsed

_READER = reader_named("alice")
_INLINE_TAGS = {
    *("a", "blockquote", "code", "em", "pre", "s", "span", "strong", "time"),
}
_HOSTILE = st.text(
    st.one_of(st.sampled_from("<>&;|@#!*_~`'\":^\n x/"), st.characters(codec="utf-8"))
)
_PARTS = st.lists(
    st.one_of(
        _HOSTILE,
        st.sampled_from(
            [
                *("<script>", "</script>", "&lt;", "&gt;", "&amp;", "```", "&gt;&gt;&gt;", ":x:"),
                *("<@U0BOB00001>", "<#C0ACCESS01>", "<!here>", "<!subteam^S1|@x>", "@channel"),
                *("<https://x|", "<javascript:alert(1)|", "https://x/", '" onclick="', "]>"),
                *("<!date^1^{date}", "<!date^99999999999999^{time}^https://x|", "|y>"),
            ]
        ),
    )
).map("".join)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("*bold* _italic_ ~gone~", "<strong>bold</strong> <em>italic</em> <s>gone</s>"),
        ("*bold _both_*", "<strong>bold <em>both</em></strong>"),
        ("2*3*4, a_b_c, * no *, **", "2*3*4, a_b_c, * no *, **"),
        ("`*code* &lt;b&gt;`", "<code>*code* &lt;b&gt;</code>"),
        ("a\n&gt; one\n&gt; two\nb", "a\n<blockquote>one\ntwo</blockquote>b"),
        ("&gt;&gt;&gt; one\ntwo", "<blockquote>one\ntwo</blockquote>"),
        ("```\n*x*\n```", "<pre>*x*</pre>"),
        ("&amp;lt; :white_check_mark: :unknown:", "&amp;lt; ✅ :unknown:"),
        ("<b> &lt;b&gt;", "&lt;b&gt; &lt;b&gt;"),
        ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
    ],
)
def test_marks_become_elements(reader: Reader, written: str, expected: str) -> None:
    assert render_mrkdwn(reader, written) == expected


@pytest.mark.parametrize(
    ("written", "classes", "text"),
    [
        ("<@U0BOB00001>", "mention mention-person", "@Bob Brown"),
        ("<@U0ALICE001>", "mention mention-self", "@Alice Adams"),
        ("<@U0UNKNOWN1>", "mention mention-person", "@U0UNKNOWN1"),
        ("<#C0ACCESS01>", "mention mention-channel", "#access-requests"),
        ("<!here>", "mention mention-broadcast", "@here"),
        ("<!subteam^S1|@oncall>", "mention mention-group", "@oncall"),
        ("hi @channel", "mention mention-broadcast", "hi @channel"),
        ("see #general.", "mention mention-channel", "see #general."),
    ],
)
def test_a_live_mention_is_marked(reader: Reader, written: str, classes: str, text: str) -> None:
    parsed = Parsed.of(render_mrkdwn(reader, written))
    assert (parsed.values("class"), parsed.text) == ([classes], text)


@pytest.mark.parametrize(
    ("written", "address", "text"),
    [
        ("<https://a.example/x?a=1&amp;b=2|label>", "https://a.example/x?a=1&b=2", "label"),
        ("<mailto:a@b.example|mail>", "mailto:a@b.example", "mail"),
        ("*<https://a.example/_*|x>*", "https://a.example/_*", "x"),
        ("at https://a.example/x_y.", "https://a.example/x_y", "at https://a.example/x_y."),
    ],
)
def test_an_address_becomes_a_link(reader: Reader, written: str, address: str, text: str) -> None:
    parsed = Parsed.of(render_mrkdwn(reader, written))
    assert (parsed.values("href"), parsed.text) == ([address], text)


def test_verbatim_text_has_no_automatic_links(reader: Reader) -> None:
    written = "https://a.example @here #general *x*"
    rendered = render_mrkdwn(reader, written, verbatim=True)
    assert rendered == "https://a.example @here #general <strong>x</strong>"


def test_a_date_is_shown_in_the_zone_of_its_reader(reader: Reader) -> None:
    written = "<!date^1795813509^{date_short_pretty} at {time}|an old client>"
    parsed = Parsed.of(render_mrkdwn(reader, written))
    assert parsed.text == "today at 10:05 PM"
    assert parsed.values("title") == ["Friday, November 27th 10:05 PM (Europe/Berlin)"]
    assert parsed.values("datetime") == ["2026-11-27T21:05:09+00:00"]


def test_an_invalid_date_shows_its_fallback(reader: Reader) -> None:
    parsed = Parsed.of(render_mrkdwn(reader, "<!date^99999999999999^{date}|soon>"))
    assert parsed.text == "soon"


@given(_PARTS)
def test_text_never_becomes_markup(written: str) -> None:
    parsed = Parsed.of(render_mrkdwn(_READER, written))
    assert parsed.tags <= _INLINE_TAGS
    addresses = [address.lower() for address in parsed.values("href")]
    assert all(each.startswith(("http://", "https://", "mailto:")) for each in addresses)
    assert {name for _tag, name, _value in parsed.attributes} <= {
        *("class", "title", "href", "target", "rel", "datetime"),
    }


@given(st.text(st.one_of(st.sampled_from("<>&\"'|!^/"), st.characters(codec="utf-8"))))
def test_escaped_text_without_marks_stays_as_it_is(text: str) -> None:
    unmarked = "".join(char for char in text if char not in "*_~`@#:>\r\0")
    assert Parsed.of(render_mrkdwn(_READER, _escape(unmarked))).text == unmarked

"""Rich text as HTML."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.page.render.reader import Reader
from sandbox.page.render.rich_text import render_rich_text
from tests.sandbox.page.conftest import reader_named
from tests.sandbox.page.parsed import Parsed

_READER = reader_named("alice")
_CONTAINERS = ("rich_text_section", "rich_text_quote", "rich_text_preformatted")
_STYLES = ("bold", "italic", "strike", "code", "underline", "highlight")


def _rich(kind: str, *elements: Any, **fields: Any) -> Any:
    part = {"type": kind, "elements": list(elements), **fields}
    return {"type": "rich_text", "elements": [part]}


def _text(text: str, **style: bool) -> Any:
    return {"type": "text", "text": text, "style": style}


@pytest.mark.parametrize(
    ("leaf", "expected"),
    [
        (_text("*x* <@U0BOB00001> :x:"), "*x* &lt;@U0BOB00001&gt; :x:"),
        (_text("x", bold=True, code=True), "<strong><code>x</code></strong>"),
        ({"type": "emoji", "name": "tada"}, "🎉"),
        ({"type": "link", "url": "javascript:alert(1)", "text": "x"}, "x"),
        ({"type": "color", "value": "#fff"}, "#fff"),
    ],
)
def test_a_leaf_is_literal_except_for_its_type_and_style(
    reader: Reader, leaf: Any, expected: str
) -> None:
    rendered = render_rich_text(reader, _rich("rich_text_section", leaf))
    assert rendered == f'<p class="rich-section">{expected}</p>'


@pytest.mark.parametrize(
    ("leaf", "text"),
    [
        ({"type": "user", "user_id": "U0BOB00001"}, "@Bob Brown"),
        ({"type": "broadcast", "range": "here"}, "@here"),
        ({"type": "channel", "channel_id": "C0ACCESS01"}, "#access-requests"),
        ({"type": "usergroup", "usergroup_id": "S1"}, "@S1"),
        ({"type": "link", "url": "https://a.example"}, "https://a.example"),
        ({"type": "date", "timestamp": 1795813509, "format": "{time}"}, "10:05 PM"),
    ],
)
def test_a_reference_has_a_readable_text(reader: Reader, leaf: Any, text: str) -> None:
    rendered = render_rich_text(reader, _rich("rich_text_section", leaf))
    assert Parsed.of(rendered).text == text


def test_a_list_keeps_its_number_and_indent(reader: Reader) -> None:
    item = {"type": "rich_text_section", "elements": [_text("x")]}
    ordered = _rich("rich_text_list", item, style="ordered", indent=1, offset=2)
    assert render_rich_text(reader, ordered) == '<ol class="indent-1" start="3"><li>x</li></ol>'


@given(st.sampled_from(_CONTAINERS), st.lists(st.text()), st.sets(st.sampled_from(_STYLES)))
def test_the_text_of_the_document_is_the_given_text(
    container: str, texts: list[str], styles: set[str]
) -> None:
    leaves = [
        _text(text.replace("\r", "").replace("\0", ""), **dict.fromkeys(styles, True))
        for text in texts
    ]
    parsed = Parsed.of(render_rich_text(_READER, _rich(container, *leaves)))
    assert parsed.text == "".join(leaf["text"] for leaf in leaves)
    assert parsed.tags <= {
        *("p", "pre", "blockquote"),
        *("strong", "em", "s", "code", "u", "mark"),
    }

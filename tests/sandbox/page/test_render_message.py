"""Messages as HTML: blocks, elements and texts by Slack's rules."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.page.render.message import render_message
from sandbox.page.render.reader import Reader
from sandbox.slack.block_kit.completion import complete_blocks
from sandbox.slack.wire import JsonObject
from tests.sandbox.page.conftest import reader_named
from tests.sandbox.page.parsed import Parsed
from tests.sandbox.slack.blocks import actions, button, markup, option, plain, section

_READER = reader_named("alice")
_HOSTILE = "<script>alert(1)</script> <@U0BOB00001> *x* \"' &amp;"


def _message(reader: Reader, *blocks: Any, **fields: Any) -> JsonObject:
    completed = complete_blocks(list(blocks), reader.workspace.ids)
    return {"ts": "1795813509.000100", "text": "", "blocks": completed, **fields}


def _parse(reader: Reader, *blocks: Any, **fields: Any) -> Parsed:
    return Parsed.of(render_message(reader, _message(reader, *blocks, **fields)))


def test_plain_text_is_literal_except_for_emoji(reader: Reader) -> None:
    converted = {"type": "header", "text": plain(f"{_HOSTILE} :x:")}
    kept = {"type": "header", "text": {**plain(":x:"), "emoji": False}}
    assert _parse(reader, converted).text.strip() == f"{_HOSTILE} ❌"
    assert _parse(reader, kept).text.strip() == ":x:"


def test_blocks_replace_the_text_of_a_message(reader: Reader) -> None:
    assert _parse(reader, section("block"), text="text").text.strip() == "block"
    assert _parse(reader, text="*text*").text.strip() == "text"


def test_an_attachment_shows_its_blocks_or_its_texts(reader: Reader) -> None:
    blocks = complete_blocks([section("*inside*")], reader.workspace.ids)
    attachments = [{"blocks": blocks}, {"title": "one", "text": "two"}, {"fallback": "three"}]
    assert _parse(reader, attachments=attachments).text.split() == ["inside", "one", "two", "three"]


def test_line_of_a_context_breaks_after_a_dot(reader: Reader) -> None:
    block = {"type": "context", "elements": [plain("one"), markup("· two"), markup("three")]}
    assert " ".join(_parse(reader, block).text.split("\n")).strip() == "one\u00a0· two\u2002three"


def test_each_block_has_a_key_and_a_version_of_its_definition(reader: Reader) -> None:
    first = _parse(reader, section("one", block_id="a"), section("two", block_id="b"))
    second = _parse(reader, section("one", block_id="a"), section("new", block_id="b"))
    assert first.values("data-key") == second.values("data-key") == ["a", "b"]
    same, changed = zip(first.values("data-version"), second.values("data-version"), strict=True)
    assert same[0] == same[1]
    assert changed[0] != changed[1]


def test_a_button_has_its_style_value_and_accessible_name(reader: Reader) -> None:
    parsed = _parse(
        reader,
        actions(button("approve", value="1", style="primary", accessibility_label="Approve it")),
    )
    assert parsed.values("data-action-id") == ["approve"]
    assert parsed.values("data-value") == ["1"]
    assert parsed.values("aria-label") == ["Approve it"]
    assert "button button-primary" in parsed.values("class")


@pytest.mark.parametrize(
    ("url", "addresses"),
    [("https://a.example", ["https://a.example"]), ("javascript:alert(1)", [])],
)
def test_a_button_with_an_address_is_a_link(reader: Reader, url: str, addresses: list[str]) -> None:
    assert _parse(reader, actions(button("open", url=url))).values("href") == addresses


def test_a_confirm_dialog_is_an_alert_dialog_with_its_texts(reader: Reader) -> None:
    dialog = {
        "title": plain("Sure?"),
        "text": markup("*really*"),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    parsed = _parse(reader, actions(button("go", confirm=dialog)))
    assert parsed.values("role") == ["alertdialog"]
    assert parsed.text.split() == ["go", "Sure?", "as", "Alice", "Adams", "really", "No", "Yes"]


def test_a_table_has_headers_and_alignment(reader: Reader) -> None:
    rows = [[{"type": "raw_text", "text": text} for text in row] for row in ("AB", "CD")]
    table = {"type": "table", "rows": rows, "column_settings": [{}, {"align": "right"}]}
    parsed = _parse(reader, table)
    assert {"th", "td"} <= parsed.tags
    assert parsed.values("class")[-4:] == ["align-left", "align-right"] * 2


@pytest.mark.parametrize(
    ("element", "selected"),
    [
        ({"type": "static_select", "options": [option("prod")]}, []),
        ({"type": "users_select", "initial_user": "U0BOB00001"}, [("U0BOB00001", "Bob Brown")]),
        ({"type": "channels_select", "initial_channel": "C1"}, [("C1", "#C1")]),
    ],
)
def test_a_menu_is_a_combobox_with_its_selection(
    reader: Reader, element: JsonObject, selected: list[tuple[str, str]]
) -> None:
    parsed = _parse(reader, section("x", accessory={"action_id": "menu", **element}))
    assert parsed.values("role") == ["combobox"]
    (data,) = parsed.values("data-selected")
    assert [(each["value"], each["text"]["text"]) for each in json.loads(data)] == selected


def test_a_menu_of_channels_offers_the_public_channels_that_the_reader_sees(
    reader: Reader,
) -> None:
    parsed = _parse(reader, section("x", accessory={"type": "channels_select", "action_id": "c"}))
    (groups,) = parsed.values("data-groups")
    assert "#access-requests" in groups
    assert "#security" not in groups


def test_unknown_types_become_placeholders_with_their_names(reader: Reader) -> None:
    parsed = _parse(reader, {"type": "video"}, actions({"type": "workflow_button"}))
    assert parsed.text.count("The sandbox doesn't show") == 2
    assert "video" in parsed.text
    assert "workflow_button" in parsed.text


@given(st.text(min_size=1))
def test_hostile_text_stays_text_in_each_place(text: str) -> None:
    hostile = text.replace("\r", "").replace("\0", "")
    literal = {**plain(hostile), "emoji": False}
    element = button("a", value=hostile, accessibility_label=hostile)
    parsed = _parse(
        _READER,
        {"type": "header", "text": literal},
        {"type": "image", "image_url": "https://a.example", "alt_text": hostile},
        actions({**element, "text": literal}),
        {"type": "markdown", "text": hostile},
    )
    assert parsed.text.count(hostile) >= 4
    assert parsed.values("data-value") == [hostile]
    assert parsed.tags == {"button", "div", "figure", "h4", "span"}


@given(st.text(min_size=1))
def test_hostile_options_reach_the_script_unchanged(text: str) -> None:
    choice = {"text": {**plain(text), "emoji": False}, "value": text}
    menu = {
        "type": "static_select",
        "action_id": "m",
        "options": [choice],
        "initial_option": choice,
    }
    parsed = _parse(_READER, section("x", accessory=menu))
    (groups,), (selected,) = parsed.values("data-groups"), parsed.values("data-selected")
    assert json.loads(groups) == [{"label": "", "options": [choice]}]
    assert json.loads(selected) == [choice]
    assert parsed.tags == {"div", "input", "ul"}

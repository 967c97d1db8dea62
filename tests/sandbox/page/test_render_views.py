"""Modals and the Home tab as HTML: labels, values, errors and their connections."""

from typing import Any

import pytest

from sandbox.page.render.home import render_home
from sandbox.page.render.modal import render_modal
from sandbox.page.render.reader import Reader
from sandbox.slack.block_kit.completion import complete_blocks
from sandbox.slack.workspace.rendering import view_json
from sandbox.slack.workspace.state import Workspace
from sandbox.slack.workspace.views import Entries, View
from tests.sandbox.page.parsed import Parsed
from tests.sandbox.slack.blocks import (
    actions,
    button,
    home,
    modal,
    option,
    plain,
    section,
    select_input,
    text_input,
)

_OWNER = "U0ALICE001"


def _view(workspace: Workspace, definition: Any, entries: Entries | None = None) -> Any:
    blocks = complete_blocks(definition["blocks"], workspace.ids)
    view = View("V1", _OWNER, [{**definition, "blocks": blocks}], "hash-1", root_id="V1")
    view.enter(entries or {})
    return view_json(workspace, view)


def _parse(reader: Reader, *blocks: Any, entries: Entries | None = None, **fields: Any) -> Parsed:
    view = _view(reader.workspace, modal(*blocks, **fields), entries)
    return Parsed.of(render_modal(reader, view))


def test_a_modal_is_a_named_dialog_with_the_buttons_of_its_view(reader: Reader) -> None:
    parsed = _parse(reader, text_input(), close=plain("Not now"))
    assert parsed.values("data-view-id") == ["V1"]
    assert parsed.values("data-version")[0] == "hash-1"
    assert parsed.values("aria-labelledby")[0] == "V1-title"
    assert parsed.values("aria-label") == ["Close"]
    words = parsed.text.split("\n")
    assert {"A form", "Not now", "Send"} <= {word.strip() for word in words}


def test_a_modal_without_submit_has_only_a_close_button(reader: Reader) -> None:
    parsed = _parse(reader, section("Done"), submit=None)
    assert "Cancel" in parsed.text
    assert "submit" not in parsed.values("type")


def test_a_pushed_modal_leads_back(reader: Reader) -> None:
    view = _view(reader.workspace, modal(section("x")))
    pushed = Parsed.of(render_modal(reader, {**view, "previous_view_id": "V0"}))
    assert pushed.values("aria-label") == ["Back", "Close"]


def test_an_input_is_connected_with_its_label_hint_and_error(reader: Reader) -> None:
    parsed = _parse(reader, {**text_input(), "hint": plain("Be brief.")})
    assert parsed.values("for") == ["V1-reason-text"]
    assert parsed.values("aria-describedby") == ["V1-reason-text-hint V1-reason-text-error"]
    assert {"V1-reason-text", "V1-reason-text-hint", "V1-reason-text-error"} <= set(
        parsed.values("id")
    )
    assert parsed.values("aria-required") == ["true"]


def test_an_optional_input_is_marked(reader: Reader) -> None:
    parsed = _parse(reader, text_input(optional=True))
    assert "(optional)" in parsed.text
    assert parsed.values("aria-required") == []


def test_an_input_has_the_entered_value_and_else_the_initial_one(reader: Reader) -> None:
    block = text_input(initial_value="initial")
    entries = {"reason": {"text": {"type": "plain_text_input", "value": "<typed>"}}}
    assert "initial" in _parse(reader, block).values("value")
    assert "<typed>" in _parse(reader, block, entries=entries).values("value")


def test_the_version_of_a_block_is_independent_of_the_entered_value(reader: Reader) -> None:
    entries = {"reason": {"text": {"type": "plain_text_input", "value": "typed"}}}
    untouched, typed = _parse(reader, text_input()), _parse(reader, text_input(), entries=entries)
    assert untouched.values("data-version") == typed.values("data-version")


def test_a_multiline_text_starts_with_its_first_line(reader: Reader) -> None:
    """HTML drops the first line break of a text area."""
    parsed = _parse(reader, text_input(multiline=True, initial_value="\nsecond"))
    assert "\n\nsecond" in parsed.text


@pytest.mark.parametrize(
    ("dispatch", "config", "expected"),
    [
        (False, None, ""),
        (True, None, "enter"),
        (True, ["on_character_entered"], "input"),
        (True, ["on_enter_pressed", "on_character_entered"], "enter input"),
    ],
)
def test_an_input_dispatches_the_events_that_the_app_wants(
    reader: Reader, dispatch: bool, config: list[str] | None, expected: str
) -> None:
    fields: Any = {"dispatch_action_config": {"trigger_actions_on": config}} if config else {}
    block = {**text_input(**fields), "dispatch_action": dispatch}
    assert _parse(reader, block).values("data-dispatch") == [expected]


def test_a_choice_of_one_is_a_radio_group_with_its_selection(reader: Reader) -> None:
    element = {
        "type": "radio_buttons",
        "action_id": "kind",
        "options": [option("roles"), option("nodes")],
        "initial_option": option("nodes"),
    }
    parsed = _parse(reader, select_input("kind", element))
    assert "radiogroup" in parsed.values("role")
    radios = [value for tag, name, value in parsed.attributes if (tag, name) == ("input", "value")]
    assert radios == ["roles", "nodes"]
    assert parsed.values("checked") == [""]


def test_a_multiple_selection_has_removable_chips(reader: Reader) -> None:
    element = {
        "type": "multi_external_select",
        "action_id": "roles",
        "min_query_length": 0,
        "initial_options": [option("dev"), option("prod")],
    }
    parsed = _parse(reader, select_input("roles", element))
    assert parsed.values("aria-label")[-2:] == ["Remove Dev", "Remove Prod"]
    assert parsed.values("data-min-query") == ["0"]


def test_a_moment_is_entered_in_the_zone_of_its_reader(reader: Reader) -> None:
    element = {
        "type": "datetimepicker",
        "action_id": "until",
        "initial_date_time": 1795813509,
    }
    parsed = _parse(reader, select_input("until", element))
    assert parsed.values("value") == ["2026-11-27T22:05"]
    assert parsed.values("data-zone") == ["Europe/Berlin"]


def test_the_home_tab_shows_its_blocks(reader: Reader) -> None:
    view = _view(reader.workspace, home(section("*Hello*"), actions(button("go"))))
    parsed = Parsed.of(render_home(reader, view))
    assert parsed.values("data-view-id") == ["V1"]
    assert parsed.text.split() == ["Hello", "go"]


def test_an_unpublished_home_tab_has_an_explanation(reader: Reader) -> None:
    assert "hasn't published" in render_home(reader, None)

"""The blocks that Slack's Block Kit accepts and rejects, without a server."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    SectionBlock,
)

from sandbox.slack.block_kit.completion import complete_blocks
from sandbox.slack.block_kit.surfaces import (
    are_blocks_too_long,
    is_view_too_large,
    message_problems,
    view_problems,
)
from sandbox.slack.workspace.identifiers import Identifiers
from tests.sandbox.slack.blocks import (
    Json,
    actions,
    button,
    home,
    markup,
    modal,
    option,
    plain,
    rich_text,
    section,
    select_input,
    text_input,
)

TWICE = [section("one", block_id="same"), section("two", block_id="same")]

NO_SUBMIT = "must define `submit` to use an `input` block in modals"


def _confirm(**fields: Json) -> Json:
    parts = {"title": plain("t"), "text": markup("t"), "confirm": plain("y"), "deny": plain("n")}
    return button("a", confirm={**parts, **fields})


def _menu(**fields: Any) -> Json:
    return {"type": "static_select", "action_id": "a", **fields}


def _said(problems: list[Any]) -> list[str]:
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("block", "most"),
    [
        (lambda n: section("x" * n), 3000),
        (lambda n: {"type": "section", "fields": [markup("x" * n)]}, 2000),
        (lambda n: {"type": "section", "fields": [markup("x")] * n}, 10),
        (lambda n: {"type": "header", "text": plain("x" * n)}, 150),
        (lambda n: {"type": "context", "elements": [markup("x")] * n}, 10),
        (lambda n: {"type": "divider", "block_id": "x" * n}, 255),
        (lambda n: {"type": "markdown", "text": "x" * n}, 12_000),
        (lambda n: actions(*(button(f"a{i}") for i in range(n))), 25),
        (lambda n: actions(button("x", text=plain("x" * n))), 75),
        (lambda n: actions(button("x", value="x" * n)), 2000),
        (lambda n: actions(button("x", url="x" * n)), 3000),
        (lambda n: actions({**button("x"), "action_id": "x" * n}), 255),
        (lambda n: actions(button("x", accessibility_label="x" * n)), 75),
        (lambda n: actions(_confirm(title=plain("x" * n))), 100),
        (lambda n: actions(_confirm(text=plain("x" * n))), 300),
        (lambda n: actions(_confirm(confirm=plain("x" * n))), 30),
        (lambda n: actions(_confirm(deny=plain("x" * n))), 30),
        (lambda n: actions(_menu(options=[option("x" * n)])), 75),
        (lambda n: actions(_menu(options=[{"text": plain("x"), "value": "x" * n}])), 150),
        (lambda n: actions(_menu(options=[option(str(i)) for i in range(n)])), 100),
        (lambda n: actions(_menu(options=[option("x")], placeholder=plain("x" * n))), 150),
        (lambda n: actions({**_menu(options=[option("x")] * n), "type": "overflow"}), 5),
        (lambda n: actions({**_menu(options=[option("x")] * n), "type": "radio_buttons"}), 10),
        (lambda n: actions({**_menu(options=[option("x")] * n), "type": "checkboxes"}), 10),
        (lambda n: {**text_input(), "label": plain("x" * n)}, 2000),
        (lambda n: {**text_input(), "hint": plain("x" * n)}, 2000),
        (lambda n: text_input(max_length=n), 3000),
        (lambda n: {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * n}, 100),
        (lambda n: {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * n]}, 20),
    ],
)
def test_takes_as_much_as_slack_and_not_one_more(block: Any, most: int) -> None:
    """A block of the greatest size passes; one character or item more is refused."""
    assert message_problems([block(most)]) == []
    assert message_problems([block(most + 1)]) != []


@pytest.mark.parametrize(
    ("field", "most"),
    [("callback_id", 255), ("external_id", 255), ("private_metadata", 3000)],
)
def test_limits_the_words_of_a_view(field: str, most: int) -> None:
    """The app's own words in a view have their limits, in modals and in Home tabs."""
    assert view_problems(modal(**{field: "x" * most})) == []
    assert view_problems(home(**{field: "x" * most})) == []
    assert view_problems(modal(**{field: "x" * (most + 1)})) != []


@pytest.mark.parametrize("field", ["title", "submit", "close"])
def test_limits_the_titles_of_a_modal(field: str) -> None:
    """Title and buttons of a modal have at most 24 characters."""
    assert view_problems(modal(**{field: plain("x" * 24)})) == []
    said = _said(view_problems(modal(**{field: plain("x" * 25)})))
    assert said == [f"must be less than 25 characters [json-pointer:/view/{field}/text]"]


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        (
            [{"type": "sections"}],
            "unsupported type: sections [json-pointer:/blocks/0/type]",
        ),
        ([{"text": "x"}], "missing required field: type [json-pointer:/blocks/0]"),
        (["x"], "must provide an object [json-pointer:/blocks/0]"),
        (
            [{"type": "section"}],
            "must define either `text` or `fields` [json-pointer:/blocks/0]",
        ),
        (
            [section("")],
            "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            [{"type": "header", "text": markup("x")}],
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        (
            [actions(button("a", disabled=True))],
            "invalid additional property: disabled [json-pointer:/blocks/0/elements/0]",
        ),
        (
            [actions({"type": "button", "action_id": "a"})],
            "missing required field: text [json-pointer:/blocks/0/elements/0]",
        ),
        (
            [actions(button("a", style="default"))],
            "value must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
        ),
        ([actions()], "must provide at least 1 items [json-pointer:/blocks/0/elements]"),
        (
            [actions({"type": "multi_users_select", "action_id": "a"})],
            "unsupported type: multi_users_select [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            [actions(button("a"), button("a"))],
            "`action_id` already exists [json-pointer:/blocks/0/elements/1/action_id]",
        ),
        (TWICE, "`block_id` already exists [json-pointer:/blocks/1/block_id]"),
        (
            [actions(_menu())],
            "must define either `options` or `option_groups` [json-pointer:/blocks/0/elements/0]",
        ),
        (
            [actions(_menu(options=[option("x")], option_groups=[]))],
            "must provide at least 1 items [json-pointer:/blocks/0/elements/0/option_groups]",
        ),
        (
            [actions(_menu(options=[option("x")], initial_option=option("y")))],
            "initial option is not among the options [json-pointer:/blocks/0/elements/0]",
        ),
        (
            [{"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}],
            "unsupported type: text [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            [text_input(min_length=9, max_length=8)],
            "`min_length` must be less than `max_length` [json-pointer:/blocks/0/element]",
        ),
    ],
)
def test_reports_each_error_with_its_place(blocks: list[Json], complaint: str) -> None:
    """A refusal names the offence in Slack's words and points at it."""
    assert complaint in _said(message_problems(blocks))


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        (
            modal(text_input(), submit=None),
            f"{NO_SUBMIT} [json-pointer:/view/blocks/0/input]",
        ),
        ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
        (
            modal(submit_disabled=True),
            "invalid additional property: submit_disabled [json-pointer:/view]",
        ),
        (home(title=plain("x")), "invalid additional property: title [json-pointer:/view]"),
        (
            modal({"type": "markdown", "text": "x"}),
            "unsupported type: markdown [json-pointer:/view/blocks/0/type]",
        ),
        (
            modal(*[{"type": "divider"}] * 101),
            "no more than 100 items allowed [json-pointer:/view/blocks]",
        ),
        (modal(*TWICE), "`block_id` already exists [json-pointer:/view/blocks/1/block_id]"),
        ({"type": "workflow_step"}, "unsupported type: workflow_step [json-pointer:/view/type]"),
        ("modal", "must provide an object [json-pointer:/view]"),
    ],
)
def test_reports_each_error_of_a_view(view: Any, complaint: str) -> None:
    """Views are refused with the same kind of sentences."""
    assert complaint in _said(view_problems(view))


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x", accessory={"type": "multi_users_select", "action_id": "a"})],
        [section("x", accessory={"type": "image", "image_url": "https://x", "alt_text": "x"})],
        [select_input("b", {"type": "external_select", "action_id": "a", "min_query_length": 0})],
        [select_input("b", {"type": "datepicker", "action_id": "a", "initial_date": "2026-02-28"})],
        [{"type": "alert", "text": markup("x"), "level": "warning"}],
        [rich_text("x"), {"type": "divider"}, text_input(optional=True)],
    ],
)
def test_accepts_blocks_that_slack_accepts(blocks: list[Json]) -> None:
    """Less usual blocks and elements in their right places pass."""
    assert message_problems(blocks) == []


def test_long_texts_together_are_too_long() -> None:
    """Many blocks, each of a permitted length, are more than one message may hold."""
    assert not are_blocks_too_long([section("x" * 3000)] * 4)
    assert are_blocks_too_long([section("x" * 3000)] * 5)
    assert are_blocks_too_long([section("&" * 3000)])
    assert are_blocks_too_long([section("\N{FIRE}" * 3000)] * 3)


def test_view_size_is_limited() -> None:
    """A view of more than 250 kB is too large, however it is made up."""
    assert not is_view_too_large(modal(private_metadata="x" * 249_000))
    assert is_view_too_large(modal(private_metadata="x" * 250_000))


_TEXT = st.text(min_size=1, max_size=75)
_BUTTONS = st.builds(
    lambda text, ids: [
        ButtonElement(text=text, action_id=f"a{number}", value=text) for number in ids
    ],
    _TEXT,
    st.lists(st.integers(), min_size=1, max_size=25, unique=True),
)
_BLOCK = st.one_of(
    st.builds(lambda text: SectionBlock(text=MarkdownTextObject(text=text)), _TEXT),
    st.builds(
        lambda texts: SectionBlock(fields=[MarkdownTextObject(text=text) for text in texts]),
        st.lists(_TEXT, min_size=1, max_size=10),
    ),
    st.builds(lambda text: HeaderBlock(text=text), _TEXT),
    st.builds(lambda text: ContextBlock(elements=[MarkdownTextObject(text=text)]), _TEXT),
    st.builds(lambda elements: ActionsBlock(elements=elements), _BUTTONS),
    st.builds(DividerBlock),
)


@settings(deadline=None)  # slow machines aren't failures
@given(st.lists(_BLOCK, max_size=50))
def test_accepts_blocks_that_slack_sdk_builds(built: list[Block]) -> None:
    """Blocks from Slack's own models, which keep Slack's limits, are all accepted."""
    assert message_problems([block.to_dict() for block in built]) == []


@settings(deadline=None)  # slow machines aren't failures
@given(st.lists(_BLOCK, max_size=20))
def test_stored_blocks_are_as_posted_with_ids(built: list[Block]) -> None:
    """Slack adds ids and defaults, changes nothing that was there, and they are valid again."""
    posted = [block.to_dict() for block in built]
    stored = complete_blocks(posted, Identifiers(lambda: 0.0))
    assert message_problems(stored) == []
    assert len({block["block_id"] for block in stored}) == len(stored)
    assert complete_blocks(stored, Identifiers(lambda: 0.0, seed=1)) == stored


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "element", "options", "blocks", "title"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)  # slow machines aren't failures
@given(_JSON)
def test_answers_to_any_json(anything: Any) -> None:
    """Any JSON as blocks or view gets a verdict and never raises another error."""
    if not isinstance(anything, list):
        assert message_problems(anything) != []
    assert view_problems(anything) != []
    message_problems([anything])

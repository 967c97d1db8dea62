"""The blocks of messages, modals and Home tabs.

See docs.slack.dev/reference/block-kit/blocks.
"""

from collections.abc import Iterator

from sandbox.slack.block_kit.elements import (
    BUTTONS,
    CONTEXT_BUTTONS,
    IMAGE,
    IMAGE_RULES,
    IMAGE_SOURCE,
    MULTI_MENUS,
    PICKERS,
    SINGLE_MENUS,
    TYPING,
)
from sandbox.slack.block_kit.objects import ID, plain_text, text
from sandbox.slack.block_kit.rich_text import RICH_TEXT
from sandbox.slack.block_kit.schema import (
    Choice,
    Flag,
    Items,
    Object,
    Problem,
    Rule,
    Shape,
    String,
    Typed,
    either,
)
from sandbox.slack.wire import JsonObject

LONGEST_MARKDOWN = 12_000


def _block(
    name: str, required: tuple[str, ...] = (), rules: tuple[Rule, ...] = (), **fields: Shape
) -> dict[str, Shape]:
    own: dict[str, Shape] = {"type": Choice((name,)), "block_id": ID, **fields}
    return {name: Object(own, required, rules)}


def _action_ids_differ(value: JsonObject, at: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, element in enumerate(value["elements"]):
        action_id = element.get("action_id")
        if action_id in seen:
            yield Problem("`action_id` already exists", f"{at}/elements/{index}/action_id")
        elif action_id:
            seen.add(action_id)


_CONTEXT_ELEMENT = Typed(
    {**IMAGE, **{name: text() for name in ("plain_text", "mrkdwn")}},
)
_CELL = Typed(
    {
        "raw_text": Object({"type": Choice(("raw_text",)), "text": String(3000)}, ("text",)),
        "rich_text": RICH_TEXT,
    }
)
_COLUMN = Object({"align": Choice(("left", "center", "right")), "is_wrapped": Flag()})

_DISPLAYED: dict[str, Shape] = {
    **_block(
        "section",
        (),
        (either("text", "fields"),),
        text=text(3000),
        fields=Items(text(2000), 10),
        accessory=Typed({**BUTTONS, **SINGLE_MENUS, **MULTI_MENUS, **PICKERS, **IMAGE}),
        expand=Flag(),
    ),
    **_block("divider"),
    **_block("header", ("text",), text=plain_text(150)),
    **_block("context", ("elements",), elements=Items(_CONTEXT_ELEMENT, 10)),
    **_block(
        "actions",
        ("elements",),
        (_action_ids_differ,),
        elements=Items(Typed({**BUTTONS, **SINGLE_MENUS, **PICKERS}), 25),
    ),
    **_block(
        "image",
        ("alt_text",),
        IMAGE_RULES,
        **IMAGE_SOURCE,
        alt_text=String(2000, 1),
        title=plain_text(2000),
    ),
    **_block(
        "input",
        ("label", "element"),
        label=plain_text(2000),
        hint=plain_text(2000),
        element=Typed({**TYPING, **SINGLE_MENUS, **MULTI_MENUS, **PICKERS}),
        optional=Flag(),
        dispatch_action=Flag(),
    ),
    **_block(
        "alert",
        ("text",),
        text=text(),
        level=Choice(("default", "info", "warning", "error", "success")),
    ),
    "rich_text": RICH_TEXT,
}
_ONLY_IN_MESSAGES: dict[str, Shape] = {
    **_block(
        "context_actions",
        ("elements",),
        (_action_ids_differ,),
        elements=Items(Typed(CONTEXT_BUTTONS), 5),
    ),
    **_block("markdown", ("text",), text=String(LONGEST_MARKDOWN, 1)),
    **_block(
        "table",
        ("rows",),
        rows=Items(Items(_CELL, 20), 100),
        column_settings=Items(_COLUMN, 20),
    ),
}

MESSAGE_BLOCK = Typed({**_DISPLAYED, **_ONLY_IN_MESSAGES})
VIEW_BLOCK = Typed(_DISPLAYED)


def block_ids_differ(blocks: list[JsonObject], at: str) -> Iterator[Problem]:
    """Report two blocks of a surface with the same ID."""
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id in seen:
            yield Problem("`block_id` already exists", f"{at}/{index}/block_id")
        elif block_id:
            seen.add(block_id)

"""Slack's checks of a message's blocks and of views."""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.slack.block_kit.blocks import MESSAGE_BLOCK, VIEW_BLOCK, block_ids_differ
from sandbox.slack.block_kit.objects import ID, plain_text
from sandbox.slack.block_kit.schema import (
    Choice,
    Flag,
    Items,
    Object,
    Problem,
    Shape,
    String,
    Typed,
)
from sandbox.slack.wire import Blocks, JsonObject

_MOST_BLOCKS_IN_A_MESSAGE = 50
_MOST_BLOCKS_IN_A_VIEW = 100
_LARGEST_VIEW = 250_000

# Slack publishes no limit for a whole message. These limits match the measurements in
# github.com/slackapi/bolt-js/issues/2509 and /2867, which count texts as Slack stores them.
_LONGEST_BLOCKS = 13_300
_WEIGHT_OF_A_BLOCK = 60
_WEIGHT_OF_A_HEADER = 100
_STORED_LENGTH = {"&": 5, "<": 4, ">": 4}

_MESSAGE_BLOCKS = Items(MESSAGE_BLOCK, _MOST_BLOCKS_IN_A_MESSAGE, least=0)
_COMMON: dict[str, Shape] = {
    "blocks": Items(VIEW_BLOCK, _MOST_BLOCKS_IN_A_VIEW, least=0),
    "private_metadata": String(3000),
    "callback_id": ID,
    "external_id": ID,
}


def _input_needs_submit(view: JsonObject, at: str) -> Iterator[Problem]:
    if view.get("submit") is not None:
        return
    for index, block in enumerate(view["blocks"]):
        if block["type"] == "input":
            yield Problem(
                "must define `submit` to use an `input` block in modals",
                f"{at}/blocks/{index}/input",
            )


def _ids_differ(view: JsonObject, at: str) -> Iterator[Problem]:
    yield from block_ids_differ(view["blocks"], f"{at}/blocks")


_VIEW = Typed(
    {
        "modal": Object(
            {
                "type": Choice(("modal",)),
                "title": plain_text(24),
                "submit": plain_text(24),
                "close": plain_text(24),
                "clear_on_close": Flag(),
                "notify_on_close": Flag(),
                **_COMMON,
            },
            ("title", "blocks"),
            (_input_needs_submit, _ids_differ),
        ),
        "home": Object({"type": Choice(("home",)), **_COMMON}, ("blocks",), (_ids_differ,)),
    }
)


def message_problems(blocks: Any, at: str = "/blocks") -> list[Problem]:
    """Return why Slack rejects the blocks of a message."""
    problems = list(_MESSAGE_BLOCKS.problems(blocks, at))
    return problems or list(block_ids_differ(blocks, at))


def view_problems(view: Any, at: str = "/view") -> list[Problem]:
    """Return why Slack rejects a modal or a Home tab."""
    return list(_VIEW.problems(view, at))


def is_view_too_large(view: JsonObject) -> bool:
    return len(json.dumps(view, ensure_ascii=False).encode()) > _LARGEST_VIEW


def are_blocks_too_long(blocks: Blocks) -> bool:
    """Return whether all texts together exceed the limit. Each text can be within its own."""
    return sum(map(_weight, blocks)) > _LONGEST_BLOCKS


def _weight(block: JsonObject) -> int:
    own = _WEIGHT_OF_A_HEADER if block["type"] == "header" else _WEIGHT_OF_A_BLOCK
    return own + _text_length(block)


def _text_length(part: Any) -> int:
    if isinstance(part, list):
        return sum(_text_length(item) for item in part)
    if not isinstance(part, dict):
        return 0
    own = part.get("text")
    return (_stored_length(own) if isinstance(own, str) else 0) + _text_length(list(part.values()))


def _stored_length(text: str) -> int:
    """Return the length of the escaped text in UTF-16 units."""
    return sum(_STORED_LENGTH.get(char, 2 if char > "\uffff" else 1) for char in text)

"""Block Kit as HTML.

Each block has its own key and version, so that a change of one block leaves the others, with focus
and typed text, as they are.
"""

import json
from datetime import datetime
from functools import partial

from markupsafe import Markup

from sandbox.page.environment import render, version
from sandbox.page.render.elements import render_element
from sandbox.page.render.fields import Field
from sandbox.page.render.rich_text import render_rich_text
from sandbox.page.render.surface import Surface
from sandbox.slack.wire import Blocks, JsonObject

_BLOCKS = (
    "actions",
    "alert",
    "context",
    "context_actions",
    "divider",
    "header",
    "image",
    "input",
    "markdown",
    "rich_text",
    "section",
    "table",
)
_AGE = "{ago}"
"""Format of a date that changes each minute. Others, such as "today", change each day."""


def render_blocks(surface: Surface, blocks: Blocks) -> Markup:
    """Return the blocks of a surface."""
    return Markup("\n").join(
        _render_block(surface, block, str(index)) for index, block in enumerate(blocks)
    )


def _render_block(surface: Surface, block: JsonObject, index: str) -> Markup:
    """Return one block. An unknown block becomes a placeholder with its type."""
    template = block["type"] if block["type"] in _BLOCKS else "unknown"
    field = Field(surface, block, block["element"]) if block["type"] == "input" else None
    content = render(
        f"blocks/{template}.html",
        surface=surface,
        block=block,
        field=field,
        element=partial(render_element, surface, block),
        rich_text=partial(render_rich_text, surface.reader),
    )
    return render(
        "blocks/block.html",
        key=block.get("block_id", index),
        version=_version(surface, block),
        kind=block["type"].replace("_", "-"),
        content=content,
    )


def _version(surface: Surface, block: JsonObject) -> str:
    """Return a hash of the definition, and of the time as far as it changes dates in the block.

    The entered values don't count: the browser has them, or newer ones.
    """
    definition, reader = json.dumps(block, sort_keys=True), surface.reader
    now = datetime.fromtimestamp(reader.now, reader.zone)
    return version(f"{definition} {now:%F %R}" if _AGE in definition else f"{definition} {now:%F}")

"""The surface that blocks belong to: a message, a modal or the Home tab."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from sandbox.page.render.emoji import convert_emoji
from sandbox.page.render.mrkdwn import render_mrkdwn
from sandbox.page.render.reader import Reader
from sandbox.slack.block_kit.inputs import slot_of
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.views import Entries


@dataclass(frozen=True)
class Surface:
    """One surface as one reader sees it."""

    reader: Reader
    id: str
    """Prefix of the IDs of its HTML elements."""
    values: Entries
    """The values of its inputs, in the form of `state.values`."""
    heading_level: int
    """Level of its header blocks in the outline of the page."""

    def text(self, text: JsonObject) -> Markup:
        """Return a plain text or mrkdwn object as HTML."""
        if text["type"] == "mrkdwn":
            verbatim = bool(text.get("verbatim"))
            return render_mrkdwn(self.reader, text["text"], verbatim=verbatim)
        return escape(plain(text))

    def value(self, block: JsonObject, element: JsonObject) -> Any:
        """Return an element's value, None without one. Multiple selections are a list."""
        slot = slot_of(element)
        entry = self.values.get(block["block_id"], {}).get(element["action_id"], {})
        value = entry.get(slot.name, element.get(slot.initial))
        return [] if value is None and slot.many else value


def plain(text: JsonObject) -> str:
    """Return a plain text object's text, with emoji unless `emoji` is false."""
    written: str = text["text"]
    return written if text.get("emoji") is False else convert_emoji(written)

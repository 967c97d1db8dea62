"""Messages: blocks for the screen, and a text with the same words for notifications.

Names and reasons in a message are untrusted. Blocks contain them only in rich text and plain text
elements, which Slack shows literally. The notification text has no such form, so its control
characters are escaped, and Slack must not look for links or names in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import Block, RichTextElement

from workspace.text.untrusted import escape, fit_text, safe_text
from workspace.views.parts import rich
from workspace.views.parts.plain import plain
from workspace.views.parts.spoken import spoken

_TEXT_LIMIT, _TEXT_LINES = 1_000, 40
"""Size of the notification text. Even in letters of four bytes, this is well below the limits of
4000 characters (chat.update) and 4000 bytes (chat.postEphemeral)."""
_ROW_LIMIT, _COMMAND_LIMIT = 2_000, 6_000
"""Lengths of a row and of a command line, which can quote Teleport's errors and users' reasons."""


@dataclass(frozen=True, slots=True)
class Message:
    blocks: tuple[Block, ...]
    lead: str = ""
    """The first line of the text, if it differs from the first line of the blocks."""

    @property
    def text(self) -> str:
        """Text for notifications and screen readers, not escaped."""
        return self._text(plain(self.blocks))

    def arguments(self) -> dict[str, Any]:
        """Return arguments of a Web API call. chat.update parses texts by default."""
        blocks = plain(self.blocks)
        return {
            "text": escape(self._text(blocks)),
            "blocks": blocks,
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }

    def _text(self, blocks: list[dict[str, Any]]) -> str:
        return safe_text(spoken(blocks, self.lead), _TEXT_LIMIT, _TEXT_LINES)


def message(*content: Block | RichTextElement, lead: str = "") -> Message:
    """Build a message. Consecutive rich text elements share a block.

    `lead` replaces the first line in the text, which a phone's lock screen cuts soon.
    """
    return Message(tuple(_group_rich_text(content)), lead)


def text_message(text: str, *more: str, preformatted: str = "") -> Message:
    """Build a message of plain rows, and of a command line to copy."""
    rows = tuple(fit_text(row, _ROW_LIMIT) for row in (text, *more))
    elements: list[RichTextElement] = [rich.lines(*((rich.text(row),) for row in rows))]
    if preformatted:
        elements.append(rich.preformatted(fit_text(preformatted, _COMMAND_LIMIT)))
    return message(*elements)


def _group_rich_text(content: Sequence[Block | RichTextElement]) -> list[Block]:
    blocks: list[Block] = []
    group: list[RichTextElement] = []
    for item in content:
        if isinstance(item, RichTextElement):
            group.append(item)
            continue
        if group:
            blocks.append(rich.block(*group))
            group = []
        blocks.append(item)
    if group:
        blocks.append(rich.block(*group))
    return blocks

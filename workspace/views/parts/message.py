"""Messages: blocks for the screen, and a text for notifications and screen readers.

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

TEXT_LIMIT = 700
"""Length of the notification text. Even in letters of four bytes, this is well below the limits of
4000 characters (chat.update) and 4000 bytes (chat.postEphemeral)."""
_ROW_LIMIT, _COMMAND_LIMIT = 2_000, 6_000
"""Lengths of a row and of a command line, which can quote Teleport's errors and users' reasons."""


@dataclass(frozen=True, slots=True)
class Message:
    text: str
    blocks: tuple[Block, ...]

    def arguments(self) -> dict[str, Any]:
        """Return arguments of a Web API call. chat.update parses texts by default."""
        return {
            "text": escape(safe_text(self.text, TEXT_LIMIT)),
            "blocks": plain(self.blocks),
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }


def message(text: str, *content: Block | RichTextElement) -> Message:
    """Build a message. Consecutive rich text elements share a block."""
    return Message(text, tuple(_group_rich_text(content)))


def text_message(text: str, *more: str, preformatted: str = "") -> Message:
    """Build a message of plain rows, and of a command line to copy."""
    rows = tuple(fit_text(row, _ROW_LIMIT) for row in (text, *more))
    elements: list[RichTextElement] = [rich.lines(*((rich.text(row),) for row in rows))]
    if preformatted:
        elements.append(rich.preformatted(fit_text(preformatted, _COMMAND_LIMIT)))
    return message(" ".join((*rows, preformatted)).strip(), *elements)


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

"""A message: blocks for the eye, and one sentence for notifications and screen readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import Block, RichTextElement

from workspace.text.untrusted import escape, fitted, safe_text
from workspace.views.parts import rich
from workspace.views.parts.plain import plain

TEXT_LIMIT = 700
"""Length of the sentence, well below chat.update's 4000 characters and chat.postEphemeral's 4000
bytes, also in letters of four bytes."""
_ROW_LIMIT, _COPY_LIMIT = 2_000, 6_000
"""Longest sentence and command line that errors of Teleport and typed reasons can lead to."""


@dataclass(frozen=True, slots=True)
class Message:
    sentence: str
    blocks: tuple[Block, ...]

    def arguments(self) -> dict[str, Any]:
        """Turn into arguments of a Web API call that shows it, and nothing but it.

        Nothing in the sentence is live: its control characters are escaped and Slack is told not
        to look for links or names. chat.update parses unless told not to.
        """
        return {
            "text": escape(safe_text(self.sentence, TEXT_LIMIT)),
            "blocks": plain(self.blocks),
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }


def message(sentence: str, *content: Block | RichTextElement) -> Message:
    """Build a message; loose rich text elements that follow one another share a block."""
    return Message(sentence, tuple(_gathered(content)))


def sentence(words: str, *more: str, preformatted: str = "") -> Message:
    """Say one or more plain sentences, and perhaps give a command line to copy."""
    said = tuple(fitted(row, _ROW_LIMIT) for row in (words, *more))
    elements: list[RichTextElement] = [rich.lines(*((rich.text(row),) for row in said))]
    if preformatted:
        elements.append(rich.preformatted(fitted(preformatted, _COPY_LIMIT)))
    return message(" ".join((*said, preformatted)).strip(), *elements)


def _gathered(content: Sequence[Block | RichTextElement]) -> list[Block]:
    blocks: list[Block] = []
    loose: list[RichTextElement] = []
    for item in content:
        if isinstance(item, RichTextElement):
            loose.append(item)
            continue
        if loose:
            blocks.append(rich.block(*loose))
            loose = []
        blocks.append(item)
    if loose:
        blocks.append(rich.block(*loose))
    return blocks

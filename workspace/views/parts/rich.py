"""Rich text: the form for untrusted text, because Slack shows its text elements literally."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from slack_sdk.models.blocks import (
    RichTextBlock,
    RichTextElement,
    RichTextElementParts,
    RichTextListElement,
    RichTextPreformattedElement,
    RichTextQuoteElement,
    RichTextSectionElement,
)

from workspace.views.parts.moments import MOMENT, utc_text

Part: TypeAlias = RichTextElement
Line: TypeAlias = Iterable[Part | str]


def text(words: str) -> Part:
    return RichTextElementParts.Text(text=words)


def bold(words: str) -> Part:
    return RichTextElementParts.Text(text=words, style={"bold": True})


def struck(words: str) -> Part:
    return RichTextElementParts.Text(text=words, style={"strike": True})


def code(words: str) -> Part:
    return RichTextElementParts.Text(text=words, style={"code": True})


def link(url: str, words: str) -> Part:
    return RichTextElementParts.Link(url=url, text=words)


def moment(when: datetime) -> Part:
    return RichTextElementParts.Date(
        timestamp=int(when.timestamp()), format=MOMENT, fallback=utc_text(when)
    )


def lines(*rows: Line) -> RichTextSectionElement:
    """Build a section with one line per row."""
    elements: list[Part] = []
    for row in rows:
        if elements:
            elements.append(text("\n"))
        elements.extend(text(part) if isinstance(part, str) else part for part in row if part)
    return RichTextSectionElement(elements=elements)


def bullets(*rows: Line) -> RichTextListElement:
    return RichTextListElement(style="bullet", elements=[lines(row) for row in rows])


def quote(*parts: Part) -> RichTextQuoteElement:
    return RichTextQuoteElement(elements=list(parts))


def preformatted(words: str) -> RichTextPreformattedElement:
    return RichTextPreformattedElement(elements=[text(words)])


def block(*elements: RichTextElement, block_id: str | None = None) -> RichTextBlock:
    return RichTextBlock(elements=list(elements), block_id=block_id)

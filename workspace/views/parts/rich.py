"""Rich text: the form for untrusted text, because Slack shows its text elements literally."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import humanize
from slack_sdk.models.blocks import (
    RichTextBlock,
    RichTextElement,
    RichTextElementParts,
    RichTextPreformattedElement,
    RichTextQuoteElement,
    RichTextSectionElement,
)

MOMENT = "{date_short_pretty} {time}"
"""Slack renders it in the reader's time zone (docs.slack.dev: formatting message text)."""

_LONGEST_IN_WORDS = timedelta(days=366)
"""humanize fails if now minus the duration is outside of Python's calendar."""

Part: TypeAlias = RichTextElement
Line: TypeAlias = Iterable[Part | str]


@dataclass(frozen=True, slots=True)
class Fact:
    """One `Name: value` line."""

    name: str
    value: tuple[Part | str, ...]


def text(words: str) -> Part:
    return RichTextElementParts.Text(text=words)


def bold(words: str) -> Part:
    return RichTextElementParts.Text(text=words, style={"bold": True})


def code(words: str) -> Part:
    return RichTextElementParts.Text(text=words, style={"code": True})


def link(url: str, words: str) -> Part:
    return RichTextElementParts.Link(url=url, text=words)


def moment(when: datetime) -> Part:
    return RichTextElementParts.Date(
        timestamp=int(when.timestamp()), format=MOMENT, fallback=utc_text(when)
    )


def ago(when: datetime) -> Part:
    return RichTextElementParts.Date(
        timestamp=int(when.timestamp()), format="{ago}", fallback=utc_text(when)
    )


def utc_text(when: datetime) -> str:
    """Return a time with its zone, for texts in which Slack doesn't convert times."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def duration(length: timedelta) -> str:
    """Return a duration such as `2 hours`, which needs no time zone."""
    if length > _LONGEST_IN_WORDS:
        return f"{length.days} days"
    return humanize.precisedelta(length, format="%0.0f")


def fact(name: str, *value: Part | str) -> Fact:
    return Fact(name, value)


def lines(*rows: Line) -> RichTextSectionElement:
    """Build a section with one line per row."""
    elements: list[Part] = []
    for row in rows:
        if elements:
            elements.append(text("\n"))
        elements.extend(text(part) if isinstance(part, str) else part for part in row if part)
    return RichTextSectionElement(elements=elements)


def facts(rows: Iterable[Fact]) -> RichTextSectionElement:
    return lines(*((bold(f"{row.name}: "), *row.value) for row in rows))


def quote(words: str) -> RichTextQuoteElement:
    return RichTextQuoteElement(elements=[text(words)])


def preformatted(words: str) -> RichTextPreformattedElement:
    return RichTextPreformattedElement(elements=[text(words)])


def block(*elements: RichTextElement, block_id: str | None = None) -> RichTextBlock:
    return RichTextBlock(elements=list(elements), block_id=block_id)

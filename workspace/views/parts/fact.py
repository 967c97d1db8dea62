"""Facts about a request: names in lines, then times in two columns.

Only rich text shows names literally under a bold label, and it has no columns.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import Block, RichTextElement, SectionBlock

from workspace.views.parts import markup, rich


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    value: str | datetime
    """A time, or an untrusted text."""


def fact_parts(facts: Iterable[Fact]) -> Iterator[Block | RichTextElement]:
    """Yield the parts of a message that show the facts, at most ten of which are times."""
    lines, times = [], []
    for fact in facts:
        if isinstance(fact.value, datetime):
            times.append(markup.labeled_moment(fact.name, fact.value))
        else:
            lines.append((rich.bold(f"{fact.name}: "), fact.value))
    if lines:
        yield rich.lines(*lines)
    if times:
        yield SectionBlock(fields=times)

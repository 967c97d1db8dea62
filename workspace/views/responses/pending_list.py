"""A private list of access requests, newest first, with buttons on the reviewable ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, ButtonElement

from workspace.views.cards.actions import actions
from workspace.views.parts.message import Message, message
from workspace.views.parts.title import header
from workspace.views.requests.request_row import Row, request_row

PAGE = 10
"""Rows per page: each takes up to four blocks, and a message holds fifty."""
OLDER = "pending_older"
NEWER = "pending_newer"
"""Action ids; the value is `<scope>:<page>` or `<scope>:<page>:<search>`."""


@dataclass(frozen=True, slots=True)
class Paging:
    """The buttons below a page, by their values. An empty value is no button."""

    newer: str = ""
    older: str = ""
    left: int = 0
    """Number of the older rows."""


NO_PAGING = Paging()


def list_page(title: str, rows: Sequence[Row], paging: Paging = NO_PAGING) -> Message:
    """Build a page from its rows."""
    blocks = [block for row in rows for block in request_row(row)]
    return message(header(title), *blocks, *_buttons(paging))


def pending_list(title: str, rows: Sequence[Row], *, scope: str, page: int = 0) -> Message:
    """Build one page from all rows. The paging buttons carry `scope`, which identifies the list."""
    left = len(rows) - (page + 1) * PAGE
    paging = Paging(
        newer=f"{scope}:{page - 1}" if page > 0 else "",
        older=f"{scope}:{page + 1}" if left > 0 else "",
        left=left,
    )
    return list_page(title, rows[page * PAGE : (page + 1) * PAGE], paging)


def _buttons(paging: Paging) -> Iterator[Block]:
    found = (
        ("Newer", NEWER, paging.newer),
        (f"Older ({paging.left})", OLDER, paging.older),
    )
    yield from actions(
        *(
            ButtonElement(text=words, action_id=action_id, value=value)
            for words, action_id, value in found
            if value
        )
    )

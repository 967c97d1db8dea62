"""A private list of access requests, newest first, with buttons on the reviewable ones."""

from collections.abc import Iterator, Sequence

from slack_sdk.models.blocks import Block, ButtonElement

from workspace.views.cards.actions import actions
from workspace.views.parts.message import Message, message
from workspace.views.parts.title import header
from workspace.views.requests.request_row import Row, request_row

PAGE = 10
"""Rows per page: each takes up to four blocks, and a message holds fifty."""
OLDER = "pending_older"
NEWER = "pending_newer"
"""Action ids; the value is `<scope>:<page>`."""


def pending_list(title: str, rows: Sequence[Row], *, scope: str, page: int = 0) -> Message:
    """Build one page. The paging buttons carry `scope`, which identifies the list."""
    shown = rows[page * PAGE : (page + 1) * PAGE]
    blocks = [block for row in shown for block in request_row(row)]
    return message(header(title), *blocks, *_paging(scope, page, len(rows)))


def _paging(scope: str, page: int, count: int) -> Iterator[Block]:
    after = count - (page + 1) * PAGE
    buttons = []
    if page > 0:
        buttons.append(ButtonElement(text="Newer", action_id=NEWER, value=f"{scope}:{page - 1}"))
    if after > 0:
        words = f"Older ({after})"
        buttons.append(ButtonElement(text=words, action_id=OLDER, value=f"{scope}:{page + 1}"))
    yield from actions(*buttons)

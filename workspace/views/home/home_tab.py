"""The Home tab: requests to review, the user's own requests, and active access.

Slack limits it to a hundred blocks. Each list shows its newest requests, and a button opens the
complete list in a modal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import Block, ButtonElement
from slack_sdk.models.views import View

from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.views.cards.actions import actions
from workspace.views.parts.message import message, text_message
from workspace.views.parts.plain import plain
from workspace.views.parts.title import header
from workspace.views.requests.request_row import ROW_BLOCKS, Row, request_row
from workspace.views.responses.draft_button import OPEN_FORM, draft_button

MORE = "home_more"
"""Action ID; the value is the scope of a list, and its first page as in `pending_list`."""
_MAX_BLOCKS, _LISTS = 100, 3
ROWS = (_MAX_BLOCKS - 1 - 2 * _LISTS) // ROW_BLOCKS
"""Rows of all lists together, below the first button: each list has a title, and a button or text.
"""


@dataclass(frozen=True, slots=True)
class HomeList:
    """One list of the tab, with its newest rows."""

    title: str
    empty: str
    """Text of a list without requests."""
    scope: str
    """Identifies the complete list."""
    rows: Sequence[Row]
    total: int
    """Number of all requests in the list."""


_AGAIN = "After that, open this tab again: it shows your requests within a minute."


@dataclass(frozen=True, slots=True)
class HomeTab:
    blocks: tuple[Block, ...]

    @property
    def view(self) -> View:
        return View(type="home", blocks=list(self.blocks))

    def arguments(self) -> dict[str, Any]:
        """Return the view argument of views.publish."""
        return {"view": {"type": "home", "blocks": plain(self.blocks)}}


def home_tab(lists: Sequence[HomeList], *, can_request: bool) -> HomeTab:
    """Show the lists. `can_request` adds the button that opens the request form."""
    request = [draft_button("Request access", OPEN_FORM, RequestDraft())] if can_request else []
    return HomeTab((*request, *(block for each in lists for block in _list_blocks(each))))


def rejection_tab(error: UserError) -> HomeTab:
    """Explain why the user sees no requests, with the next step and nothing else.

    The kind of a Slack account doesn't change, so guests and others are not sent back to the tab.
    """
    again = () if error.reason.startswith("account_") else (_AGAIN,)
    explanation = text_message(error.text, *again, preformatted=error.suggested_command)
    return HomeTab(message(header("Your requests can't be shown"), *explanation.blocks).blocks)


def unavailable_tab() -> HomeTab:
    """Explain that Teleport or Slack doesn't respond at the moment."""
    text = (
        "The bot can't read your Teleport user at the moment. It tries again, and this tab shows"
        " your requests as soon as that works."
    )
    return HomeTab(
        message(header("Your requests can't be shown yet"), *text_message(text).blocks).blocks
    )


def row_counts(totals: Sequence[int], rows: int = ROWS) -> list[int]:
    """Divide the rows among lists of these lengths: an equal part each, the rest to the first."""
    counts = [min(total, rows // len(totals)) for total in totals]
    left = rows - sum(counts)
    for place, total in enumerate(totals):
        more = min(left, total - counts[place])
        counts[place] += more
        left -= more
    return counts


def _list_blocks(shown: HomeList) -> Iterator[Block]:
    count = f" ({shown.total})" if shown.total else ""
    yield header(f"{shown.title}{count}")
    if not shown.rows:
        yield from text_message(shown.empty).blocks
    for row in shown.rows:
        yield from request_row(row, dated=True)
    if more := shown.total - len(shown.rows):
        words = f"And {more} more"
        yield from actions(ButtonElement(text=words, action_id=MORE, value=f"{shown.scope}:0"))

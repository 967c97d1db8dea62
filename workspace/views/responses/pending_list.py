"""A private list of access requests, newest first, with buttons on the reviewable ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    DividerBlock,
    MarkdownTextObject,
)

from workspace.card_model.record import CardModel
from workspace.text.budget import join_texts
from workspace.text.resources import fits
from workspace.text.untrusted import safe_line, safe_name
from workspace.views.cards.buttons import review_buttons
from workspace.views.cards.status_line import status_text
from workspace.views.parts import markup, rich
from workspace.views.parts.footer import DOT, footer_of
from workspace.views.parts.message import Message, message
from workspace.views.parts.reason import REQUEST_REASON, quoted_reason
from workspace.views.parts.request_name import for_duration, target_names
from workspace.views.parts.title import header

PAGE = 10
"""Rows per page: each takes up to four blocks, and a message holds fifty."""
_ROOM = 120
"""Lengths of a row's roles, progress and reason: ten rows fill a message."""
_NAMES, _USER = 6, 60
_ON_CARD = "The list can't show the full request. Review it on its card."
OLDER = "pending_older"
NEWER = "pending_newer"
"""Action ids; the value is `<scope>:<page>`."""


@dataclass(frozen=True, slots=True)
class Row:
    card_model: CardModel
    created: datetime | None
    can_review: bool


def pending_list(title: str, rows: Sequence[Row], *, scope: str, page: int = 0) -> Message:
    """Build one page. The paging buttons carry `scope`, which identifies the list."""
    shown = rows[page * PAGE : (page + 1) * PAGE]
    blocks = [block for row in shown for block in _row(row)]
    return message(header(title), *blocks, *_paging(scope, page, len(rows)))


def _row(row: Row) -> Iterator[Block]:
    card_model = row.card_model
    cut = card_model.constrained and not fits(card_model.targets, _NAMES, _ROOM)
    yield DividerBlock()
    yield rich.block(
        rich.lines((rich.bold(_title(card_model)),), (_status(card_model),)),
        *quoted_reason(safe_line(card_model.reason, _ROOM), label=REQUEST_REASON),
        *([rich.lines((_ON_CARD,))] if cut else []),
    )
    if row.can_review and card_model.review_in_slack and not cut:
        yield review_buttons(card_model)
    yield footer_of(card_model.id, *_times(row))


def _title(card_model: CardModel) -> str:
    wanted = target_names(card_model, room=_ROOM)
    return f"{safe_name(card_model.user, _USER)} requests {wanted}{for_duration(card_model)}"


def _status(card_model: CardModel) -> str:
    progress = join_texts(card_model.progress, _ROOM)
    status = status_text(card_model.status)
    return f"{status}: {progress}" if progress else status


def _times(row: Row) -> Iterator[MarkdownTextObject]:
    if row.created is not None:
        yield markup.ago(row.created, f"{DOT}requested ")
    if row.card_model.waiting_until is not None:
        yield markup.moment(row.card_model.waiting_until, f"{DOT}expires ")


def _paging(scope: str, page: int, count: int) -> Iterator[Block]:
    after = count - (page + 1) * PAGE
    buttons = []
    if page > 0:
        buttons.append(ButtonElement(text="Newer", action_id=NEWER, value=f"{scope}:{page - 1}"))
    if after > 0:
        words = f"Older ({after})"
        buttons.append(ButtonElement(text=words, action_id=OLDER, value=f"{scope}:{page + 1}"))
    if buttons:
        yield ActionsBlock(elements=buttons)

"""A private list of access requests, newest first, with buttons on the reviewable ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, DividerBlock

from workspace.card_model.record import CardModel
from workspace.text.budget import join_texts
from workspace.text.resources import fits
from workspace.text.untrusted import safe_line, safe_name
from workspace.views.cards.buttons import review_buttons
from workspace.views.parts import rich
from workspace.views.parts.message import Message, message
from workspace.views.parts.request_name import short_id, target_names

PAGE = 10
"""Rows to a page: each takes three blocks, and a message holds fifty."""
_ROOM = 200
"""Lengths of a row's roles, progress and reason: ten rows fill a message."""
_NAMES = 6
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
    blocks: list[Block] = []
    for row in shown:
        blocks += _row(row)
    return message(
        title,
        rich.lines((rich.bold(title),)),
        *blocks,
        *_paging(scope, page, len(rows)),
    )


def _row(row: Row) -> Iterator[Block]:
    card_model = row.card_model
    wanted = target_names(card_model, room=_ROOM)
    first: list[rich.Part | str] = [
        rich.bold(safe_name(card_model.user)),
        " requests ",
        rich.bold(wanted),
    ]
    if card_model.progress:
        first.append(f" · {join_texts(card_model.progress, _ROOM)}")
    yield DividerBlock()
    cut = card_model.constrained and not fits(card_model.targets, _NAMES, _ROOM)
    rows = (first, tuple(_when(row)), *_why(card_model), *([(_ON_CARD,)] if cut else []))
    yield rich.block(rich.lines(*rows))
    if row.can_review and card_model.review_in_slack and not cut:
        yield review_buttons(card_model)


def _when(row: Row) -> Iterator[rich.Part | str]:
    yield rich.code(short_id(row.card_model.id))
    if row.created is not None:
        yield " · requested "
        yield rich.ago(row.created)
    if row.card_model.waiting_until is not None:
        yield " · expires "
        yield rich.moment(row.card_model.waiting_until)


def _why(card_model: CardModel) -> Iterator[rich.Line]:
    if reason := safe_line(card_model.reason, _ROOM):
        yield (reason,)


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

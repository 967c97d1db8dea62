"""A private list of access requests, newest first, with buttons on those one may decide."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, DividerBlock

from workspace.views.card import CardModel, decision_buttons, short_id, target_names
from workspace.views.parts import rich
from workspace.views.parts.budget import joined
from workspace.views.parts.message import Message, message
from workspace.views.parts.resources import fits
from workspace.views.parts.untrusted import safe_line, safe_name

PAGE = 10
"""Rows to a page: each takes three blocks, and a message holds fifty."""
_ROOM = 200
"""Length of what a row asks for, of its progress and of its reason: ten rows fill a message."""
_NAMES = 6
_ON_CARD = "The list can't show the full request. Review it on its card."
OLDER = "pending_older"
NEWER = "pending_newer"
"""Action ids; the value is `<scope>:<page>`."""


@dataclass(frozen=True, slots=True)
class Row:
    face: CardModel
    created: datetime | None
    may_decide: bool


def pending_list(title: str, rows: Sequence[Row], *, scope: str, page: int = 0) -> Message:
    """Draw one page. `scope` names the list, so that its paging buttons can ask for it again."""
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
    face = row.face
    wanted = target_names(face, room=_ROOM)
    first: list[rich.Part | str] = [
        rich.bold(safe_name(face.user)),
        " requests ",
        rich.bold(wanted),
    ]
    if face.progress:
        first.append(f" · {joined(face.progress, _ROOM)}")
    yield DividerBlock()
    cut = face.constrained and not fits(face.targets, _NAMES, _ROOM)
    rows = (first, tuple(_when(row)), *_why(face), *([(_ON_CARD,)] if cut else []))
    yield rich.block(rich.lines(*rows))
    if row.may_decide and face.can_decide and not cut:
        yield decision_buttons(face)


def _when(row: Row) -> Iterator[rich.Part | str]:
    yield rich.code(short_id(row.face.id))
    if row.created is not None:
        yield " · requested "
        yield rich.ago(row.created)
    if row.face.waiting_until is not None:
        yield " · expires "
        yield rich.moment(row.face.waiting_until)


def _why(face: CardModel) -> Iterator[rich.Line]:
    if reason := safe_line(face.reason, _ROOM):
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

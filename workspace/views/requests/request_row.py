"""A request as a row: requester, access, status, times and reason, and the user's buttons.

Lists in messages and App Home show the same rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import Block, ButtonElement, DividerBlock, MarkdownTextObject

from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.budget import join_texts
from workspace.text.resources import fits
from workspace.text.untrusted import fit_text, safe_line, safe_name
from workspace.views.cards.actions import actions
from workspace.views.cards.buttons import details_button, review_buttons
from workspace.views.cards.lock import lock_line
from workspace.views.cards.own_request_buttons import (
    cancel_button,
    done_button,
    extend_button,
)
from workspace.views.cards.status_line import status_line, status_text
from workspace.views.parts import markup, rich
from workspace.views.parts.footer import DOT, footer_of
from workspace.views.parts.reason import REQUEST_REASON, quoted_reason
from workspace.views.parts.request_name import for_duration, target_names

ROW_BLOCKS = 4
"""Most blocks of a row: Slack limits a message to 50 and App Home to 100."""
_ROOM = 120
"""Lengths of a row's roles, progress and reason: ten rows fill a message."""
_NAMES, _USER = 6, 60
_ON_CARD = "The list can't show the full request. Review it on its card."


@dataclass(frozen=True, slots=True)
class Row:
    """A request, and the buttons that the user needs."""

    card_model: CardModel
    created: datetime | None
    can_review: bool
    can_extend: bool = False
    """Whether it is the user's own active access, which the user can request again."""
    can_lock: bool = False
    """Whether it is the user's own active access, which the user can lock."""
    can_cancel: bool = False
    """Whether it is the user's own pending request, and the bot is allowed to cancel it."""


def request_row(row: Row, *, dated: bool = False) -> Iterator[Block]:
    """Yield the blocks of a row, a divider first.

    `dated` shows all times as dates, for a surface that stays open for hours.
    """
    card_model = row.card_model
    cut = card_model.constrained and not fits(card_model.targets, _NAMES, _ROOM)
    yield DividerBlock()
    yield rich.block(
        rich.lines((rich.bold(_title(card_model)),), (_status(card_model),), *_lock(card_model)),
        *quoted_reason(safe_line(card_model.reason, _ROOM), label=REQUEST_REASON),
        *([rich.lines((_ON_CARD,))] if cut else []),
    )
    yield from actions(*_buttons(row, cut=cut))
    yield footer_of(card_model.id, *_times(row, dated=dated))


def _buttons(row: Row, *, cut: bool) -> Iterator[ButtonElement]:
    if row.can_review and row.card_model.review_in_slack and not cut:
        yield from review_buttons(row.card_model)
    if row.can_cancel:
        yield cancel_button(row.card_model)
    if row.can_extend:
        yield extend_button(row.card_model)
    if row.can_lock and not row.card_model.locked:
        yield done_button(row.card_model)
    yield details_button(row.card_model)


def _title(card_model: CardModel) -> str:
    wanted = target_names(card_model, room=_ROOM)
    verb = "requested" if card_model.status.closed else "requests"
    return f"{safe_name(card_model.user, _USER)} {verb} {wanted}{for_duration(card_model)}"


def _status(card_model: CardModel) -> str:
    if card_model.status is not Status.WAITING:
        return fit_text(status_line(card_model), _ROOM)
    progress = join_texts(card_model.progress, _ROOM)
    status = status_text(card_model.status)
    return f"{status}: {progress}" if progress else status


def _lock(card_model: CardModel) -> Iterator[rich.Line]:
    if card_model.lock is not None:
        yield (fit_text(lock_line(card_model.lock), _ROOM),)


def _times(row: Row, *, dated: bool) -> Iterator[MarkdownTextObject]:
    card_model = row.card_model
    if row.created is not None:
        show = markup.moment if dated else markup.ago
        yield show(row.created, f"{DOT}requested ")
    if card_model.waiting_until is not None:
        yield markup.moment(card_model.waiting_until, f"{DOT}expires ")
    if card_model.status is Status.APPROVED:
        yield from _access_times(card_model)


def _access_times(card_model: CardModel) -> Iterator[MarkdownTextObject]:
    if card_model.assume_start is not None:
        yield markup.moment(card_model.assume_start, f"{DOT}access starts ")
    if card_model.access_until is not None:
        yield markup.moment(card_model.access_until, f"{DOT}access ends ")

"""The facts of a card: requester, roles, resources and times."""

from collections.abc import Iterator
from datetime import timedelta

from workspace.card_model.progress import PROGRESS_ROOM
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.budget import join_texts
from workspace.text.names import list_names
from workspace.text.resources import RESOURCES_LISTED, RESOURCES_ROOM
from workspace.text.untrusted import fit_text, safe_line, safe_name
from workspace.views.parts import rich

_ROLES_SHOWN = 50
_NAMES_ROOM, _ROWS_ROOM = 1_200, 1_200
_RESOLVE_REASON_LIMIT = 300
_MINUTE = timedelta(minutes=1)
_WITH_ACCESS = {Status.WAITING, Status.APPROVED, Status.ACCESS_ENDED}


def facts(card_model: CardModel) -> Iterator[rich.Fact]:
    yield rich.fact("Requester", safe_name(card_model.user))
    yield from _targets(card_model)
    yield from _approvals(card_model)
    yield from _access_times(card_model)
    yield from _reviewers(card_model)
    if card_model.waiting_until is not None and _expires_before_access(card_model):
        yield rich.fact("Request expires", rich.moment(card_model.waiting_until))
    yield from _resolve_reason(card_model)


def _targets(card_model: CardModel) -> Iterator[rich.Fact]:
    yield rich.fact("Roles", list_names(card_model.roles, _ROLES_SHOWN, _NAMES_ROOM, each=60))
    if card_model.resources:
        each = RESOURCES_ROOM if card_model.constrained else 80
        names = list_names(card_model.targets, RESOURCES_LISTED, RESOURCES_ROOM, each=each)
        yield rich.fact("Resources", names)


def _approvals(card_model: CardModel) -> Iterator[rich.Fact]:
    """List the progress if it has several rows. A single row is part of the status line."""
    if len(card_model.progress) > 1 and not card_model.status.closed:
        rows = (fit_text(row, PROGRESS_ROOM) for row in card_model.progress)
        yield rich.fact("Approvals", "\n• ", join_texts(rows, _ROWS_ROOM, "\n• "))


def _access_times(card_model: CardModel) -> Iterator[rich.Fact]:
    if card_model.status not in _WITH_ACCESS:
        return
    if card_model.assume_start is not None:
        yield rich.fact("Access starts", rich.moment(card_model.assume_start))
    if card_model.access_until is not None:
        yield rich.fact("Access ends", rich.moment(card_model.access_until))


def _reviewers(card_model: CardModel) -> Iterator[rich.Fact]:
    if card_model.status.closed:
        return
    if card_model.reviewers:
        yield rich.fact("Suggested reviewers", list_names(card_model.reviewers, limit=10))
    if card_model.messaged[1]:
        some, total = card_model.messaged
        yield rich.fact("Direct messages", f"only to the first {some} of {total} reviewers")


def _expires_before_access(card_model: CardModel) -> bool:
    """Return whether the request expires at another time than the access would end."""
    if card_model.status is not Status.WAITING or card_model.waiting_until is None:
        return False
    if card_model.access_until is None:
        return True
    return abs(card_model.access_until - card_model.waiting_until) >= _MINUTE


def _resolve_reason(card_model: CardModel) -> Iterator[rich.Fact]:
    """Show the resolve reason unless a review shows the same text."""
    reason = card_model.resolve_reason
    if reason.strip() and reason not in {review.reason for review in card_model.reviews}:
        yield rich.fact("Resolution reason", safe_line(reason, _RESOLVE_REASON_LIMIT))

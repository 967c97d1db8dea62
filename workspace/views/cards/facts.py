"""The facts of a card that its first two lines don't show."""

from collections.abc import Iterator
from datetime import timedelta

from workspace.card_model.progress import PROGRESS_ROOM
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.budget import join_texts
from workspace.text.names import list_names
from workspace.text.resources import RESOURCES_LISTED, RESOURCES_ROOM
from workspace.text.untrusted import fit_text, safe_line, safe_name
from workspace.views.parts.fact import Fact
from workspace.views.parts.title import are_targets_cut, is_user_cut

_ROLES_SHOWN = 50
_USER_LIMIT, _NAMES_ROOM, _ROWS_ROOM = 200, 1_200, 1_200
_RESOLVE_REASON_LIMIT = 300
_MINUTE = timedelta(minutes=1)
_ACCESS_ENDS = {
    Status.WAITING: "Access ends",
    Status.APPROVED: "Temporary access until",
    Status.ACCESS_ENDED: "Access ended",
}


def facts(card_model: CardModel) -> Iterator[Fact]:
    if is_user_cut(card_model):
        yield Fact("Requester", safe_name(card_model.user, _USER_LIMIT))
    yield from _targets(card_model)
    yield from _approvals(card_model)
    yield from _second_confirmation(card_model)
    yield from access_times(card_model)
    if card_model.waiting_until is not None and _expires_before_access(card_model):
        yield Fact("Request expires", card_model.waiting_until)
    yield from _reviewers(card_model)
    yield from _resolve_reason(card_model)


def access_times(card_model: CardModel) -> Iterator[Fact]:
    """Yield the start and the end, which don't limit access by an access list."""
    if card_model.status not in _ACCESS_ENDS or card_model.long_term:
        return
    if card_model.assume_start is not None:
        yield Fact("Access starts", card_model.assume_start)
    if card_model.access_until is not None:
        yield Fact(_ACCESS_ENDS[card_model.status], card_model.access_until)


def _targets(card_model: CardModel) -> Iterator[Fact]:
    """List the resources that the title cuts, and the roles that aren't in the title."""
    cut = are_targets_cut(card_model)
    if card_model.resources and cut:
        each = RESOURCES_ROOM if card_model.constrained else 80
        names = list_names(card_model.targets, RESOURCES_LISTED, RESOURCES_ROOM, each=each)
        yield Fact("Resources", names)
    if card_model.roles and (card_model.resources or cut):
        each = max(60, _NAMES_ROOM // len(card_model.roles))
        yield Fact("Roles", list_names(card_model.roles, _ROLES_SHOWN, _NAMES_ROOM, each=each))
    if card_model.removed_roles:
        yield Fact("Not granted", list_names(card_model.removed_roles, room=_NAMES_ROOM // 4))


def _approvals(card_model: CardModel) -> Iterator[Fact]:
    """List the progress if it has several rows. A single row is part of the status line."""
    if len(card_model.progress) > 1 and not card_model.status.closed:
        rows = (fit_text(row, PROGRESS_ROOM) for row in card_model.progress)
        yield Fact("Approvals", "\n• " + join_texts(rows, _ROWS_ROOM, "\n• "))
    if card_model.denials and not card_model.status.closed:
        yield Fact("Denied so far", join_texts(card_model.denials, _ROWS_ROOM // 4))


def _second_confirmation(card_model: CardModel) -> Iterator[Fact]:
    """Name the roles that a reviewer types to approve them."""
    if card_model.confirm_roles and not card_model.status.closed:
        names = list_names(card_model.confirm_roles, _ROLES_SHOWN, _NAMES_ROOM // 2)
        yield Fact("🔐 Approve by typing", names)


def _reviewers(card_model: CardModel) -> Iterator[Fact]:
    if card_model.status.closed:
        return
    if card_model.reviewers:
        yield Fact("Suggested reviewers", list_names(card_model.reviewers, limit=10))
    if card_model.messaged[1]:
        some, total = card_model.messaged
        yield Fact("Direct messages", f"only to the first {some} of {total} reviewers")


def _expires_before_access(card_model: CardModel) -> bool:
    """Return whether the request expires at another time than the access would end."""
    if card_model.status is not Status.WAITING or card_model.waiting_until is None:
        return False
    if card_model.access_until is None:
        return True
    return abs(card_model.access_until - card_model.waiting_until) >= _MINUTE


def _resolve_reason(card_model: CardModel) -> Iterator[Fact]:
    """Show the resolve reason unless a review shows the same text."""
    reason = safe_line(card_model.resolve_reason, _RESOLVE_REASON_LIMIT)
    shown = {safe_line(review.reason, _RESOLVE_REASON_LIMIT) for review in card_model.reviews}
    if reason and reason not in shown:
        yield Fact("Resolution reason", reason)

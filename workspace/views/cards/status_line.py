"""The second line of a card: the status of the request, with the names of its approvers."""

from workspace.card_model.progress import PROGRESS_ROOM
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.names import list_names
from workspace.text.untrusted import fit_text, safe_name

_TEXTS = {
    Status.WAITING: "⏳ Waiting for approval",
    Status.APPROVED: "✅ Approved{by}",
    Status.DENIED: "⛔ Denied{by}",
    Status.PROMOTED: "📋 Permanent access granted{by} through {access_list}",
    Status.EXPIRED: "⌛ Expired without a decision",
    Status.ACCESS_ENDED: "🏁 Approved{by}, access has ended",
    Status.DELETED: "🗑️ Deleted before a decision",
    Status.DELETED_APPROVED: "🗑️ Approved{by}, then deleted",
    Status.CANCELLED: "🚫 Cancelled",
}

_ANY_LIST = "an access list"


def status_text(status: Status) -> str:
    """Return the status without names."""
    return _TEXTS[status].format(by="", access_list=_ANY_LIST)


def status_line(card_model: CardModel) -> str:
    """Return the status with its progress, approvers or access list."""
    status = card_model.status
    if status is Status.WAITING and len(card_model.progress) == 1:
        return f"{status_text(status)}: {fit_text(card_model.progress[0], PROGRESS_ROOM)}"
    if status is Status.CANCELLED:
        return f"{status_text(status)} by {safe_name(card_model.user)}"
    return _TEXTS[status].format(by=by_resolver(card_model), access_list=access_list(card_model))


def access_list(card_model: CardModel) -> str:
    """Return `access list Admins`, or `an access list` if Teleport doesn't name it."""
    title = card_model.promoted_to
    return f"access list {safe_name(title)}" if title else _ANY_LIST


def by_resolver(card_model: CardModel, each: int = 80) -> str:
    """Return ` by bob`, ` from Slack`, or an empty text if the approver isn't known."""
    if card_model.resolved_by:
        return f" by {list_names(card_model.resolved_by, each=each)}"
    return " from Slack" if card_model.from_slack else ""

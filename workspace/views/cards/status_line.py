"""The first line of a card: the status of the request, with the names of its approvers."""

from workspace.card_model.progress import PROGRESS_ROOM
from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.names import list_names
from workspace.text.untrusted import fit_text, safe_name

STATUS_TEXTS = {
    Status.WAITING: "⏳ Waiting for approval",
    Status.APPROVED: "✅ Approved",
    Status.DENIED: "⛔ Denied",
    Status.PROMOTED: "📋 Granted through an access list",
    Status.EXPIRED: "⌛ Expired without a decision",
    Status.ACCESS_ENDED: "🏁 Approved, access has ended",
    Status.DELETED: "🗑️ Deleted before a decision",
    Status.DELETED_APPROVED: "🗑️ Approved, then deleted",
}


def status_line(card_model: CardModel) -> str:
    status = card_model.status
    text = STATUS_TEXTS[status]
    if status is Status.WAITING and len(card_model.progress) == 1:
        return f"{text}: {fit_text(card_model.progress[0], PROGRESS_ROOM)}"
    if status is Status.PROMOTED and card_model.promoted_to:
        return f"{text}: {safe_name(card_model.promoted_to)}"
    by = by_resolver(card_model)
    if not by or status is Status.PROMOTED:
        return text
    if status is Status.DELETED_APPROVED:
        return f"🗑️ Approved{by}, then deleted"
    return f"{text} (approved{by})" if status is Status.ACCESS_ENDED else f"{text}{by}"


def by_resolver(card_model: CardModel) -> str:
    """Return ` by bob`, ` from Slack`, or an empty text if the approver isn't known."""
    if card_model.resolved_by:
        return f" by {list_names(card_model.resolved_by)}"
    return " from Slack" if card_model.from_slack else ""

"""Fingerprints of the messages of a request. A message with a different one is outdated."""

from notifications.records.slots import is_notice, is_reply, notice_slot
from notifications.records.trim import trim_card_model
from workspace.card_model.notice import OUTCOMES, Notice
from workspace.card_model.record import CardModel, fingerprint, lock_fingerprint
from workspace.card_model.status import Status

_APPROVAL_ENDS = {Status.ACCESS_ENDED, Status.DELETED_APPROVED}


def model_fingerprint(card_model: CardModel) -> str:
    """Return the fingerprint of a trimmed model: the entry has no other after a deletion."""
    return fingerprint(trim_card_model(card_model))


def slot_fingerprint(slot: str, card_model: CardModel) -> str:
    """Return the fingerprint of the message in a slot, empty if it needs no update.

    The notice of a new request shows only which notice follows it. The notice about an approval
    changes when the access is locked or unlocked, when it ends, and when the request is deleted:
    without a lock its fingerprint is empty until then, as in entries of earlier versions. The
    warning shows the current end.
    """
    if slot == notice_slot(Notice.CREATED):
        closed = card_model.status.closed
        return OUTCOMES.get(card_model.status, card_model.status if closed else Notice.CREATED)
    if slot == notice_slot(Notice.ENDING):
        end = f"{card_model.status} {card_model.access_until}"
        return end + lock_fingerprint(card_model.lock)
    if slot == notice_slot(Notice.APPROVED):
        ended = card_model.status if card_model.status in _APPROVAL_ENDS else ""
        return ended + lock_fingerprint(card_model.lock)
    return "" if is_notice(slot) or is_reply(slot) else model_fingerprint(card_model)

"""Private responses to a click that locks access."""

from workspace.card_model.record import CardModel
from workspace.text.untrusted import safe_name
from workspace.views.cards.lock import EFFECT, UNDO, lock_line
from workspace.views.parts import rich
from workspace.views.parts.footer import footer
from workspace.views.parts.message import Message, message
from workspace.views.parts.request_name import target_names


def access_locked(card_model: CardModel, *, own: bool) -> Message:
    """Confirm a new lock."""
    whose = "your" if own else f"{safe_name(card_model.user)}'s"
    headline = f"🔒 You locked {whose} access to {target_names(card_model)}."
    return message(rich.lines((rich.bold(headline),), (EFFECT,), (UNDO,)), footer(card_model))


def already_locked(card_model: CardModel) -> Message:
    """Show the lock that the request has already."""
    headline = f"The access to {target_names(card_model)} is already locked. Nothing changed."
    lock = [(lock_line(card_model.lock),)] if card_model.lock else []
    return message(rich.lines((rich.bold(headline),), *lock, (UNDO,)), footer(card_model))

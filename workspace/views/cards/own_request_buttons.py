"""Buttons for the requester: cancel the request, request it again, or lock its access."""

from slack_sdk.models.blocks import ButtonElement, ConfirmObject

from workspace.card_model.record import CardModel
from workspace.views.cards.confirm_dialog import confirm_dialog
from workspace.views.cards.lock import EFFECT, UNDO
from workspace.views.parts.moments import duration_text
from workspace.views.parts.request_name import access_duration, target_names

CANCEL, REQUEST_AGAIN, EXTEND = "cancel_request", "request_again", "extend_access"
DONE = "done"
"""Action IDs. A button's value is the request ID and nothing else."""


def cancel_button(card_model: CardModel) -> ButtonElement:
    wanted = target_names(card_model, each=32, room=150)
    confirm = confirm_dialog(
        "Cancel this request?",
        f"This deletes your request for {wanted}. Reviewers can't approve it any more.",
        confirm="Cancel request",
        deny="Keep it",
    )
    return _button("Cancel request", CANCEL, card_model, confirm)


def request_again_button(card_model: CardModel) -> ButtonElement:
    confirm = confirm_dialog(
        "Request this again?",
        "This requests the same access again. It needs a new approval and a new login.",
        confirm="Request",
        deny="Not now",
    )
    return _button("Request again", REQUEST_AGAIN, card_model, confirm)


def extend_button(card_model: CardModel) -> ButtonElement:
    confirm = confirm_dialog(
        "Request more time?",
        f"This requests the same access again{_for_duration(card_model)} It needs a new"
        " approval and a new login.",
        confirm="Request",
        deny="Not now",
    )
    return _button("Extend", EXTEND, card_model, confirm)


def done_button(card_model: CardModel) -> ButtonElement:
    wanted = target_names(card_model, each=32, room=60)
    confirm = confirm_dialog(
        "Are you done with this access?",
        f"This locks your access to {wanted}. {EFFECT} {UNDO}",
        confirm="Lock access",
        deny="Keep it",
    )
    return _button("I'm done", DONE, card_model, confirm)


def _for_duration(card_model: CardModel) -> str:
    """Return the end of a sentence, with the duration if it is known."""
    length = access_duration(card_model)
    if length is None:
        return "."
    return f", for {duration_text(length)} from now, not on top of the time that is left."


def _button(
    text: str, action_id: str, card_model: CardModel, confirm: ConfirmObject
) -> ButtonElement:
    return ButtonElement(text=text, action_id=action_id, value=card_model.id, confirm=confirm)

"""Buttons for the requester of a request: cancel it, or request the same access again."""

from slack_sdk.models.blocks import ActionsBlock, ButtonElement, ConfirmObject, PlainTextObject

from workspace.card_model.record import CardModel
from workspace.text.untrusted import fit_text
from workspace.views.parts.request_name import target_names

CANCEL, REQUEST_AGAIN, EXTEND = "cancel_request", "request_again", "extend_access"
"""Action IDs. A button's value is the request ID and nothing else."""
_CONFIRM_LIMIT = 300


def cancel_button(card_model: CardModel) -> ActionsBlock:
    wanted = target_names(card_model, each=32, room=150)
    return _buttons(
        ButtonElement(
            text="Cancel request",
            action_id=CANCEL,
            value=card_model.id,
            confirm=_confirm(
                "Cancel this request?",
                f"This deletes your request for {wanted}. Reviewers can't approve it any more.",
                "Cancel request",
                "Keep it",
            ),
        )
    )


def request_again_button(card_model: CardModel) -> ActionsBlock:
    return _buttons(
        ButtonElement(
            text="Request again",
            action_id=REQUEST_AGAIN,
            value=card_model.id,
            confirm=_confirm(
                "Request this again?",
                "This requests the same access again. It needs a new approval and a new login.",
                "Request",
                "Not now",
            ),
        )
    )


def extend_button(card_model: CardModel) -> ActionsBlock:
    return _buttons(
        ButtonElement(
            text="Extend",
            action_id=EXTEND,
            value=card_model.id,
            confirm=_confirm(
                "Request more time?",
                "This requests the same access again. It continues after approval and a new login.",
                "Request",
                "Not now",
            ),
        )
    )


def _buttons(*buttons: ButtonElement) -> ActionsBlock:
    return ActionsBlock(elements=list(buttons))


def _confirm(title: str, text: str, confirm: str, deny: str) -> ConfirmObject:
    return ConfirmObject(
        title=title,
        text=PlainTextObject(text=fit_text(text, _CONFIRM_LIMIT), emoji=False),
        confirm=confirm,
        deny=deny,
    )

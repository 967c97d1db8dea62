"""The warning that access ends, a DM to the requester. Later it shows how the access ended."""

from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.views.cards.actions import actions
from workspace.views.cards.lock import lock_line
from workspace.views.cards.own_request_buttons import extend_button, request_again_button
from workspace.views.cards.status_line import status_text
from workspace.views.parts import rich
from workspace.views.parts.footer import footer
from workspace.views.parts.message import Message, message
from workspace.views.parts.moments import utc_text
from workspace.views.parts.request_name import target_names

_SOON = "⏰ Your access to {wanted} ends soon: "
_HOW_TO_EXTEND = (
    "If you need it for longer, extend it now: that requests the same access again, which needs a"
    " new approval and a new login."
)
_HOW_TO_REQUEST = "If you need it for longer, request it again in Teleport."
_SINCE = {
    Status.ACCESS_ENDED: "🏁 Access has ended",
    Status.DELETED_APPROVED: "🗑️ The request was deleted, so it allows no new login",
}


def end_warning(card_model: CardModel, *, can_request: bool = True) -> Message:
    """Build the warning. `can_request` is whether users can request access from Slack."""
    usable = card_model.status is Status.APPROVED and not card_model.locked
    if not usable or card_model.access_until is None:
        return _closed_warning(card_model, can_request=can_request)
    end = card_model.access_until
    wanted = target_names(card_model, each=32, room=100)
    return message(
        rich.lines(
            (
                rich.bold(_SOON.format(wanted=target_names(card_model))),
                rich.moment(end),
                ".",
            ),
            (_HOW_TO_EXTEND if can_request else _HOW_TO_REQUEST,),
        ),
        *(actions(extend_button(card_model)) if can_request else ()),
        footer(card_model),
        lead=f"⏰ Access to {wanted} ends soon: {utc_text(end)}.",
    )


def _closed_warning(card_model: CardModel, *, can_request: bool) -> Message:
    if card_model.lock is not None:
        since = lock_line(card_model.lock)
    else:
        since = f"{_SINCE.get(card_model.status) or status_text(card_model.status)}."
    return message(
        rich.lines(
            (rich.struck(f"Your access to {target_names(card_model)} ends soon"),),
            (since,),
        ),
        *(actions(request_again_button(card_model)) if can_request else ()),
        footer(card_model),
    )

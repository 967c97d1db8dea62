"""The buttons of a card, and the dialog that confirms an approval."""

from collections.abc import Iterator

from slack_sdk.models.blocks import ActionsBlock, ButtonElement

from workspace.card_model.record import CardModel
from workspace.card_model.status import Status
from workspace.text.untrusted import safe_name
from workspace.views.cards.actions import actions
from workspace.views.cards.confirm_dialog import confirm_dialog
from workspace.views.cards.lock import EFFECT, UNDO
from workspace.views.parts.moments import duration_text
from workspace.views.parts.request_name import access_duration, target_names

APPROVE, DENY, APPROVE_WITH = "approve", "deny", "approve_with"
DETAILS, LOCK = "details", "lock"
"""Action IDs. A button's value is the request ID and nothing else."""
_ONLY_SOME = "Only some reviewers' approvals count. If yours does:"

_HAVE_DETAILS = {Status.WAITING, Status.APPROVED, Status.DENIED, Status.PROMOTED}
"""Statuses of requests that Teleport still has."""


def card_buttons(card_model: CardModel) -> Iterator[ActionsBlock]:
    """Yield the block with the buttons of a card, if it has any."""
    yield from actions(*_buttons(card_model))


def review_buttons(card_model: CardModel) -> Iterator[ButtonElement]:
    """Yield the buttons of a request that can be reviewed from Slack."""
    yield _approve_button(card_model)
    yield _deny_button(card_model)
    yield _approve_with_button(card_model)


def _buttons(card_model: CardModel) -> Iterator[ButtonElement]:
    if card_model.review_in_slack and not card_model.status.closed:
        yield from review_buttons(card_model)
    if card_model.has_details and card_model.status in _HAVE_DETAILS:
        yield details_button(card_model)
    if card_model.can_lock:
        yield _lock_button(card_model)


def details_button(card_model: CardModel) -> ButtonElement:
    return _plain_button("Details", DETAILS, card_model, spoken="Details of")


def _approve_button(card_model: CardModel) -> ButtonElement:
    """Return the button that approves at once, or opens the form of the second confirmation."""
    dialog = confirm_dialog(
        "Approve this request?", _effect(card_model), confirm="Approve", deny="Cancel"
    )
    return ButtonElement(
        text="Approve",
        action_id=APPROVE,
        value=card_model.id,
        style="primary",
        confirm=None if card_model.confirm_roles else dialog,
        accessibility_label=f"Approve {safe_name(card_model.user, 40)}'s request",
    )


def _deny_button(card_model: CardModel) -> ButtonElement:
    return _plain_button("Deny", DENY, card_model, spoken="Deny", style="danger")


def _approve_with_button(card_model: CardModel) -> ButtonElement:
    """Return the button that opens the form with the options of an approval."""
    return _plain_button("Approve with…", APPROVE_WITH, card_model, spoken="Approve with…:")


def _plain_button(
    text: str, action_id: str, card_model: CardModel, *, spoken: str, style: str | None = None
) -> ButtonElement:
    """Return a button without a confirm dialog. Screen readers also read out the requester."""
    return ButtonElement(
        text=text,
        action_id=action_id,
        value=card_model.id,
        style=style,
        accessibility_label=f"{spoken} {safe_name(card_model.user, 40)}'s request",
    )


def _lock_button(card_model: CardModel) -> ButtonElement:
    return ButtonElement(
        text="Lock access",
        action_id=LOCK,
        value=card_model.id,
        style="danger",
        confirm=confirm_dialog(
            "Lock this access?",
            f"This locks {safe_name(card_model.user, 40)}'s access to"
            f" {target_names(card_model, each=32, room=60)}. {EFFECT} {UNDO}",
            confirm="Lock access",
            deny="Cancel",
        ),
        accessibility_label=f"Lock {safe_name(card_model.user, 40)}'s access",
    )


def _effect(card_model: CardModel) -> str:
    """Describe the effect of an approval. Plain text can't show times in the reader's time zone."""
    # Names are short, so that the number of further names always fits.
    wanted = target_names(card_model, each=32, room=150)
    length = access_duration(card_model)
    limit = f" for up to {duration_text(length)}" if length else ""
    start = ", from the requested start" if card_model.assume_start else ""
    gets = f"{safe_name(card_model.user, 40)} gets access to {wanted}{limit}{start}."
    more = card_model.approvals_left - 1
    if more > 0:
        needed = "1 more approval is needed" if more == 1 else f"{more} more approvals are needed"
        gets = f"After yours, {needed} before {gets}"
    return f"{_ONLY_SOME} {gets}" if card_model.filtered else gets

"""The form of a review: the reason and, for an approval, the roles and the start.

It has only the inputs that the review mode supports for this request.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    DateTimePickerElement,
    InputBlock,
    PlainTextInputElement,
)
from slack_sdk.models.views import View

from workspace.card_model.record import CardModel
from workspace.requests.review_policy import shown_role
from workspace.text.resources import RESOURCES_ROOM
from workspace.text.untrusted import safe_name, safe_text, truncate
from workspace.views.cards.status_line import status_line
from workspace.views.modals.review_input import (
    CONFIRM,
    GRANT,
    REASON,
    START,
    ReviewFormMetadata,
    numbered,
)
from workspace.views.options import role_option
from workspace.views.parts import rich
from workspace.views.parts.footer import footer, footer_of
from workspace.views.parts.reason import REQUEST_REASON, quoted_reason
from workspace.views.parts.request_name import for_duration, target_names

CALLBACK = "review_form"
REASON_CHARACTERS = 3000
"""Maximum length of a text input in Slack (docs.slack.dev: plain-text input element)."""
BOXES_EACH = 10
"""Maximum number of options of a checkboxes element (docs.slack.dev: checkboxes element)."""
MOST_ROLES = 5 * BOXES_EACH
"""Maximum number of roles if the approval can leave some out."""
_SHOWN_REASON = 500
_REASON_HINT = "Saved in Teleport's audit log, shown on the card and sent to the requester."


@dataclass(frozen=True, slots=True)
class ReviewOptions:
    """The inputs of the form, with their initial values."""

    reason_required: bool = True
    reason: str = ""
    can_set_start: bool = False
    start: datetime | None = None
    """Requested start of the access."""
    roles: tuple[str, ...] = ()
    """Roles to choose from, empty if the approval grants all."""
    confirm_roles: tuple[str, ...] = ()
    """Roles that the reviewer confirms by typing their names."""


ONLY_A_REASON = ReviewOptions()


def review_form(
    review: ReviewFormMetadata,
    card_model: CardModel | None,
    options: ReviewOptions = ONLY_A_REASON,
) -> View:
    """Build the form. `card_model` is None if Teleport didn't return the request in time."""
    word = "Approve" if review.approve else "Deny"
    return View(
        type="modal",
        callback_id=CALLBACK,
        title=f"{word} request",
        submit=word,
        close="Cancel",
        private_metadata=review.to_json(),
        blocks=[
            *_about(review, card_model),
            *_roles(options.roles),
            *_confirmations(options),
            *_start(options),
            reason_input(options.reason, required=options.reason_required, hint=_REASON_HINT),
        ],
    )


def _about(review: ReviewFormMetadata, card_model: CardModel | None) -> Iterator[Block]:
    if card_model is None:
        yield footer_of(review.request_id)
        return
    wanted = target_names(card_model, room=RESOURCES_ROOM)
    title = f"{safe_name(card_model.user)} requests {wanted}{for_duration(card_model)}"
    yield rich.block(
        rich.lines((rich.bold(title),), (status_line(card_model),)),
        *quoted_reason(card_model.reason, label=REQUEST_REASON, limit=_SHOWN_REASON),
    )
    yield footer(card_model)


def _roles(roles: Sequence[str]) -> Iterator[InputBlock]:
    """Yield checkboxes with all roles selected."""
    for first in range(0, len(roles), BOXES_EACH):
        name = numbered(GRANT, first // BOXES_EACH)
        boxes = [role_option.option(role) for role in roles[first : first + BOXES_EACH]]
        yield InputBlock(
            block_id=name,
            label="More roles to grant" if first else "Roles to grant",
            optional=True,
            hint="The approval grants only the selected roles.",
            element=CheckboxesElement(action_id=name, options=boxes, initial_options=boxes),
        )


def _confirmations(options: ReviewOptions) -> Iterator[InputBlock]:
    """Yield an input for each role to confirm. It is optional if the approval can omit the role."""
    for number, role in enumerate(options.confirm_roles):
        name = numbered(CONFIRM, number)
        yield InputBlock(
            block_id=name,
            label=f"Type {shown_role(role)} to approve it",
            optional=bool(options.roles),
            element=PlainTextInputElement(action_id=name, max_length=REASON_CHARACTERS),
        )


def _start(options: ReviewOptions) -> Iterator[InputBlock]:
    """Yield the start. Slack shows date and time in the user's time zone."""
    if not options.can_set_start:
        return
    requested = options.start
    hint = "Without one, access starts on approval, or as requested."
    yield InputBlock(
        block_id=START,
        label="Start of access",
        optional=True,
        hint=hint,
        element=DateTimePickerElement(
            action_id=START, initial_date_time=int(requested.timestamp()) if requested else None
        ),
    )


def reason_input(typed: str, *, required: bool, hint: str) -> InputBlock:
    """Return the input for the reason of a review, which contains the text typed so far."""
    visible = safe_text(typed, REASON_CHARACTERS, lines=100)
    return InputBlock(
        block_id=REASON,
        label="Reason",
        optional=not required,
        hint=hint,
        element=PlainTextInputElement(
            action_id=REASON,
            multiline=True,
            max_length=REASON_CHARACTERS,
            initial_value=truncate(visible, REASON_CHARACTERS) or None,
        ),
    )

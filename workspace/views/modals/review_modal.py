"""The form that asks an approver for a reason, before a denial or a considered approval."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from workspace.card_model.record import CardModel
from workspace.requests.request_draft import EXACT
from workspace.text.resources import RESOURCES_ROOM
from workspace.text.untrusted import safe_name
from workspace.views.cards.status_line import status_line
from workspace.views.parts import rich
from workspace.views.parts.footer import footer, footer_of
from workspace.views.parts.outdated import outdated_form, reading
from workspace.views.parts.reason import REQUEST_REASON, quoted_reason
from workspace.views.parts.request_name import for_duration, target_names

CALLBACK = "review_form"
REASON = "reason"
"""Block id and action id of the only input."""
_REASON_CHARACTERS = 3000
_SHOWN_REASON = 500


@dataclass(frozen=True, slots=True)
class ReviewFormMetadata:
    """The form's private metadata: the request and the proposed state."""

    __pydantic_config__ = EXACT

    request_id: str
    approve: bool
    channel: str = ""
    already_visible: Annotated[bool, Field(alias="shown")] = False
    """Decided where we showed the request, rather than by typing an id."""

    def to_json(self) -> str:
        return _DECISIONS.dump_json(self, by_alias=True).decode()


_DECISIONS = TypeAdapter(ReviewFormMetadata)


def review_form(review: ReviewFormMetadata, card_model: CardModel | None) -> View:
    """Build the form. `card_model` is None if Teleport didn't return the request in time."""
    word = "Approve" if review.approve else "Deny"
    return View(
        type="modal",
        callback_id=CALLBACK,
        title=f"{word} request",
        submit=word,
        close="Cancel",
        private_metadata=review.to_json(),
        blocks=[*_about(review, card_model), _reason()],
    )


def read(
    values: Mapping[str, Mapping[str, Any]], private_metadata: str
) -> tuple[ReviewFormMetadata, str]:
    """Read the proposed state and the reason. Raises UserError for a form of another version."""
    with reading(outdated_form("/teleport-pending")):
        reason = values.get(REASON, {}).get(REASON, {}).get("value") or ""
        return _DECISIONS.validate_json(private_metadata), reason.strip()


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


def _reason() -> InputBlock:
    return InputBlock(
        block_id=REASON,
        label="Reason",
        hint="Saved in Teleport's audit log, shown on the card and sent to the requester.",
        element=PlainTextInputElement(
            action_id=REASON, multiline=True, max_length=_REASON_CHARACTERS
        ),
    )

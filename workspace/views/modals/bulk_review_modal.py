"""The form that reviews several requests at once: checkboxes and one reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    ContextBlock,
    InputBlock,
    Option,
    PlainTextObject,
)
from slack_sdk.models.views import View

from workspace.card_model.record import CardModel
from workspace.requests.request_draft import EXACT
from workspace.text.untrusted import fit_text, safe_line, safe_name
from workspace.views.modals.review_input import REASON, numbered
from workspace.views.modals.review_modal import BOXES_EACH, reason_input
from workspace.views.parts.outdated import outdated_form, reading
from workspace.views.parts.request_name import short_id, target_names

CALLBACK = "bulk_review_form"
MOST_REQUESTS = 3 * BOXES_EACH
"""Requests in one form, and in the response to it."""
_PICK = "pick"
_OPTION = 75
"""Length of an option's text and description (docs.slack.dev: option object)."""
_USER, _WANTED = 24, 36
_REASON_HINT = "Used for each selected request, and sent to its requester."


@dataclass(frozen=True, slots=True)
class BulkReviewMetadata:
    """The form's private metadata."""

    __pydantic_config__ = EXACT

    approve: bool
    channel: str = ""

    def to_json(self) -> str:
        return _METADATA.dump_json(self).decode()


_METADATA = TypeAdapter(BulkReviewMetadata)


@dataclass(frozen=True, slots=True)
class BulkReviewForm:
    """Content of the form."""

    requests: Sequence[CardModel]
    """At most `MOST_REQUESTS`, newest first."""
    more: int = 0
    """Number of reviewable requests that the form has no room for."""
    single: int = 0
    """Number of reviewable requests that are only reviewed one by one."""
    reason: str = ""
    reason_required: bool = True


@dataclass(frozen=True, slots=True)
class BulkReviewInput:
    """The values of a submitted form."""

    metadata: BulkReviewMetadata
    reason: str
    labels: Mapping[str, str]
    """Text of each selected request by its ID."""


def bulk_review_form(metadata: BulkReviewMetadata, form: BulkReviewForm) -> View:
    word = "Approve" if metadata.approve else "Deny"
    return View(
        type="modal",
        callback_id=CALLBACK,
        title=f"{word} requests",
        submit=word,
        close="Cancel",
        private_metadata=metadata.to_json(),
        blocks=[
            *_boxes(form.requests),
            *_notes(form),
            reason_input(form.reason, required=form.reason_required, hint=_REASON_HINT),
        ],
    )


def first_boxes(values: Mapping[str, object]) -> str:
    """Return the block ID of the first checkboxes, where the form shows an error about them."""
    return min((name for name in values if name.startswith(_PICK)), default=numbered(_PICK, 0))


def read(values: Mapping[str, Mapping[str, Any]], private_metadata: str) -> BulkReviewInput:
    """Read the submitted form. Raises UserError for a form of another version."""
    with reading(outdated_form("/teleport-pending")):
        options = [
            option
            for name in sorted(values)
            if name.startswith(f"{_PICK}_")
            for option in (values[name].get(name) or {}).get("selected_options") or ()
        ]
        return BulkReviewInput(
            metadata=_METADATA.validate_json(private_metadata),
            reason=((values.get(REASON, {}).get(REASON) or {}).get("value") or "").strip(),
            labels={option["value"]: option["text"]["text"] for option in options},
        )


def _boxes(requests: Sequence[CardModel]) -> Iterator[InputBlock]:
    """Yield checkboxes. With several of them, a selection in any one is enough."""
    several = len(requests) > BOXES_EACH
    for first in range(0, len(requests), BOXES_EACH):
        name = numbered(_PICK, first // BOXES_EACH)
        boxes = [_option(each) for each in requests[first : first + BOXES_EACH]]
        yield InputBlock(
            block_id=name,
            label="Older requests" if first else "Requests",
            optional=several,
            element=CheckboxesElement(action_id=name, options=boxes),
        )


def _option(card_model: CardModel) -> Option:
    user = safe_name(card_model.user, _USER)
    label = f"{user} requests {target_names(card_model, each=_WANTED, room=_WANTED)}"
    reason = safe_line(card_model.reason, _OPTION)
    about = f"{short_id(card_model.id)} · {reason}" if reason else short_id(card_model.id)
    return Option(
        text=PlainTextObject(text=fit_text(label, _OPTION), emoji=False),
        value=card_model.id,
        description=PlainTextObject(text=fit_text(about, _OPTION), emoji=False),
    )


def _notes(form: BulkReviewForm) -> Iterator[Block]:
    notes = []
    if form.more:
        are = "1 more is" if form.more == 1 else f"{form.more} more are"
        notes.append(f"{are} waiting. Review these first, then run the command again.")
    if form.single:
        are = "1 other is" if form.single == 1 else f"{form.single} others are"
        notes.append(f"{are} only reviewed one by one: run /teleport-pending reviewable.")
    if notes:
        yield ContextBlock(elements=[PlainTextObject(text=" ".join(notes), emoji=False)])

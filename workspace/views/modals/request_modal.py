"""The view of the request form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from teleport_client.model.resource import Resource
from workspace.requests.request_draft import RequestDraft
from workspace.views.modals.request_fields import (
    duration_input,
    reason_input,
    resources_input,
    reviewers_input,
    roles_input,
    time_inputs,
)
from workspace.views.modals.request_input import RequestFormMetadata, fit_metadata
from workspace.views.modals.request_notes import opening_note, typed_parts
from workspace.views.options import role_option
from workspace.views.options.menu import MOST_OPTIONS

CALLBACK = "request_form"
_TITLE = "Request access"


@dataclass(frozen=True, slots=True)
class FormContext:
    """The context of the form: all inputs of the view besides the draft."""

    channel: str
    note: str = ""
    """Reason for opening the form."""
    reason_required: bool = False
    short: bool = False
    """Whether the form only completes a typed request: without inputs for resources and times."""
    prompts: tuple[str, ...] = ()
    """Prompts for the reason, from the user's roles."""
    has_resources: bool = False
    """Whether resources can be searched."""
    listed: Mapping[str, Resource] = field(default_factory=lambda: MappingProxyType({}))
    """Listed resources of the draft, by path."""


def request_form(draft: RequestDraft, context: FormContext) -> View:
    """Build the form with the known values."""
    has_resources = context.has_resources and not context.short
    selected = _selectable(draft.resources) if has_resources else ()
    typed = tuple(path for path in draft.resources if path not in selected)
    origin = fit_metadata(
        RequestFormMetadata(
            channel=context.channel,
            reviewers=draft.reviewers,
            allow_duplicate=draft.allow_duplicate,
            resources=typed,
            start=draft.start if context.short else None,
            until=draft.until,
            expires=draft.expires if context.short else None,
            session=draft.session,
        )
    )
    incomplete = draft.truncated or (origin.reviewers, origin.resources) != (draft.reviewers, typed)
    any_resources = has_resources or bool(origin.resources)
    blocks: list[Block] = [
        *opening_note(context.note, incomplete=incomplete),
        *typed_parts(origin),
        roles_input(draft.roles, required=not any_resources),
    ]
    if has_resources:
        blocks.append(resources_input(selected, context.listed))
    blocks.append(reason_input(draft.reason, context.prompts, required=context.reason_required))
    blocks.append(duration_input(draft.duration))
    if not context.short:
        blocks += time_inputs(draft)
    blocks.append(reviewers_input(origin.reviewers))
    return View(
        type="modal",
        callback_id=CALLBACK,
        title=_TITLE,
        submit="Request",
        close="Cancel",
        private_metadata=origin.to_json(),
        blocks=blocks,
    )


def _selectable(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the resources that can be preselected in the menu."""
    fitting = (path for path in paths if role_option.value(path) == path)
    return tuple(islice(fitting, MOST_OPTIONS))

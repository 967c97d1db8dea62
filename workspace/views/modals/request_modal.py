"""The view of the request form."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    DateTimePickerElement,
    ExternalDataMultiSelectElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from teleport_client.model.resource import Resource
from workspace.requests.request_draft import (
    MOST_REVIEWERS,
    REASON_BYTES,
    RequestDraft,
)
from workspace.text.budget import join_texts
from workspace.text.names import list_names
from workspace.text.resources import RESOURCES_LISTED, RESOURCES_ROOM
from workspace.text.untrusted import fit_text, safe_text, truncate
from workspace.views.modals import resource_option, role_option
from workspace.views.modals.menu import MOST_OPTIONS
from workspace.views.modals.request_input import (
    DURATION,
    EXPIRY,
    REASON,
    RESOURCES,
    REVIEWERS,
    ROLES,
    START,
    RequestFormMetadata,
    fit_metadata,
    with_accepted_end,
)
from workspace.views.parts import rich
from workspace.views.parts.moments import duration_text

CALLBACK = "request_form"
REASON_CHARACTERS = 3000
"""The most that Slack lets a text input take."""
_TEXT_LIMIT, _HINT_ROOM = 2000, 1500
_NOTE_LIMIT = _TEXT_LIMIT - 200
_UNCUT = REASON_BYTES * len("&amp;")
"""Longer than any reason."""

_TITLE = "Request access"
_RESOURCE_NOTE, _END_NOTE = "resource_note", "end_note"
_PROMPT_LENGTH = 300
_REASON_HINT = "Some roles require a reason."
_COMPLETE_IT = "Some of your text didn't fit. Check the form and complete it."
_HOUR = timedelta(hours=1)
_DURATIONS = (
    timedelta(minutes=30),
    *(_HOUR * hours for hours in (1, 2, 4, 8, 12)),
    *(timedelta(days=days) for days in (1, 2, 3, 7, 14)),
)


@dataclass(frozen=True, slots=True)
class FormContext:
    """What the form depends on, apart from the draft."""

    channel: str
    note: str = ""
    """Explains why the form opens."""
    reason_required: bool = False
    short: bool = False
    """Whether the form only completes a typed request: without inputs for resources and times."""
    prompts: tuple[str, ...] = ()
    """What the user's roles want a reason to say."""
    has_resources: bool = False
    """Whether resources can be searched."""
    listed: Mapping[str, Resource] = field(default_factory=lambda: MappingProxyType({}))
    """The listed ones of the draft's resources, by path."""


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
        )
    )
    incomplete = draft.truncated or (origin.reviewers, origin.resources) != (draft.reviewers, typed)
    any_resources = has_resources or bool(origin.resources)
    blocks: list[Block] = [
        *_note(context.note, incomplete=incomplete),
        *_typed(origin),
        _roles(draft.roles, required=not any_resources),
    ]
    if has_resources:
        blocks.append(_resources(selected, context.listed))
    blocks.append(_reason(draft.reason, context.prompts, required=context.reason_required))
    blocks.append(_duration(draft.duration))
    if not context.short:
        blocks += _times(draft)
    blocks.append(_reviewers(origin.reviewers))
    return View(
        type="modal",
        callback_id=CALLBACK,
        title=_TITLE,
        submit="Request",
        close="Cancel",
        private_metadata=origin.to_json(),
        blocks=blocks,
    )


def loading_view() -> View:
    """Return a placeholder for the form while Teleport is slow."""
    text = PlainTextObject(text="Reading your Teleport roles…", emoji=False)
    return View(type="modal", title=_TITLE, close="Cancel", blocks=[SectionBlock(text=text)])


def with_resource_note(view: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return an open form with a note below the resources, or without one.

    What the user has entered stays: its blocks keep their IDs.
    """
    blocks = [each for each in view["blocks"] if each.get("block_id") != _RESOURCE_NOTE]
    if text:
        after = next(n for n, each in enumerate(blocks, 1) if each.get("block_id") == RESOURCES)
        shown = PlainTextObject(text=fit_text(text, _TEXT_LIMIT), emoji=False)
        note = ContextBlock(block_id=_RESOURCE_NOTE, elements=[shown])
        blocks.insert(after, note.to_dict())
    return _changed(view, blocks)


def with_access_end(view: Mapping[str, Any], roles: Sequence[str], end: datetime) -> dict[str, Any]:
    """Return a submitted form that shows an earlier end of access. The next submission accepts it.

    What the user has entered stays: its blocks keep their IDs.
    """
    note = rich.block(
        rich.lines(
            (rich.bold(f"Teleport grants {list_names(roles)} only until "), rich.moment(end), "."),
            ("Nothing was requested yet. Request it until then, or change the form.",),
        )
    ).to_dict() | {"block_id": _END_NOTE}
    blocks = [each for each in view["blocks"] if each.get("block_id") != _END_NOTE]
    metadata = with_accepted_end(view.get("private_metadata", ""), end)
    return _changed(view, [note, *blocks]) | {"private_metadata": metadata}


def _changed(view: Mapping[str, Any], blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a view from Slack with other blocks, in the form that Slack accepts."""
    kept = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    return {key: view[key] for key in kept if view.get(key)} | {"blocks": blocks}


def _selectable(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the resources that can be preselected in the menu."""
    fitting = (path for path in paths if role_option.value(path) == path)
    return tuple(islice(fitting, MOST_OPTIONS))


def _note(note: str, *, incomplete: bool) -> Iterator[Block]:
    if incomplete:
        note = f"{fit_text(note, _NOTE_LIMIT)} {_COMPLETE_IT}".strip()
    if note:
        text = PlainTextObject(text=fit_text(note, _TEXT_LIMIT), emoji=False)
        yield ContextBlock(elements=[text])


def _typed(origin: RequestFormMetadata) -> Iterator[Block]:
    """Show the parts of the command that the form keeps without an input."""
    lines: list[rich.Line] = []
    if origin.resources:
        names = list_names(origin.resources, RESOURCES_LISTED, RESOURCES_ROOM, each=80)
        lines.append((rich.bold("Resources: "), names))
    if origin.start is not None:
        lines.append((rich.bold("Access starts: "), rich.moment(origin.start)))
    if origin.until is not None:
        lines.append((rich.bold("Access ends: "), rich.moment(origin.until)))
    if lines:
        yield rich.block(rich.lines(*lines))


def _roles(chosen: Sequence[str], *, required: bool) -> InputBlock:
    """`required` is false for resources, since Teleport selects their roles."""
    return InputBlock(
        block_id=ROLES,
        label="Roles",
        optional=not required,
        element=ExternalDataMultiSelectElement(
            action_id=ROLES,
            placeholder="Type to search",
            min_query_length=0,
            initial_options=[role_option.option(name) for name in chosen[:100]] or None,
        ),
    )


def _resources(chosen: Sequence[str], listed: Mapping[str, Resource]) -> InputBlock:
    """A selection is sent to the bot at once, which asks Teleport about it."""
    options = [resource_option.option(path, listed.get(path)) for path in chosen]
    return InputBlock(
        block_id=RESOURCES,
        label="Resources",
        optional=True,
        dispatch_action=True,
        hint="Instead of roles, or limited to some of them: hosts, databases, apps and others.",
        element=ExternalDataMultiSelectElement(
            action_id=RESOURCES,
            placeholder="Type a name or a label",
            min_query_length=0,
            initial_options=options or None,
        ),
    )


def _reason(written: str, prompts: Sequence[str], *, required: bool) -> InputBlock:
    visible = safe_text(written, _UNCUT, lines=100)
    asked = (safe_text(each, _PROMPT_LENGTH, lines=2) for each in prompts)
    hint = join_texts(asked, _HINT_ROOM, " ") or ("" if required else _REASON_HINT)
    return InputBlock(
        block_id=REASON,
        label="Reason",
        optional=not required,
        hint=hint or None,
        element=PlainTextInputElement(
            action_id=REASON,
            multiline=True,
            max_length=REASON_CHARACTERS,
            initial_value=truncate(visible, REASON_CHARACTERS) or None,
            placeholder="Ticket, incident or task",
        ),
    )


def _duration(chosen: timedelta | None) -> InputBlock:
    if chosen:
        chosen = timedelta(seconds=int(chosen.total_seconds()))
    offered = sorted({*_DURATIONS, chosen} if chosen else _DURATIONS)
    options = {each: _duration_option(each) for each in offered}
    return InputBlock(
        block_id=DURATION,
        label="Duration",
        optional=True,
        element=StaticSelectElement(
            action_id=DURATION,
            placeholder="Maximum allowed",
            options=list(options.values()),
            initial_option=options[chosen] if chosen else None,
        ),
    )


def _duration_option(duration: timedelta) -> Option:
    return Option(
        text=PlainTextObject(text=duration_text(duration), emoji=False),
        value=str(int(duration.total_seconds())),
    )


def _times(draft: RequestDraft) -> Iterator[InputBlock]:
    yield _moment(START, "Start of access", draft.start, "Without one, access starts on approval.")
    yield _moment(EXPIRY, "Request expires", draft.expires, "It can be reviewed until then.")


def _moment(name: str, label: str, chosen: datetime | None, hint: str) -> InputBlock:
    """Slack shows date and time in the user's own zone."""
    return InputBlock(
        block_id=name,
        label=label,
        optional=True,
        hint=hint,
        element=DateTimePickerElement(
            action_id=name, initial_date_time=int(chosen.timestamp()) if chosen else None
        ),
    )


def _reviewers(typed: Sequence[str]) -> InputBlock:
    hint = f"Also suggested: {list_names(typed, len(typed), _HINT_ROOM)}" if typed else None
    return InputBlock(
        block_id=REVIEWERS,
        label="Suggested reviewers",
        optional=True,
        hint=hint,
        element=ExternalDataMultiSelectElement(
            action_id=REVIEWERS,
            placeholder="Type to search",
            min_query_length=0,
            max_selected_items=MOST_REVIEWERS,
        ),
    )

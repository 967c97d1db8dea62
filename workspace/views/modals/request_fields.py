"""The inputs of the request form."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from slack_sdk.models.blocks import (
    DateTimePickerElement,
    ExternalDataMultiSelectElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    StaticSelectElement,
)

from teleport_client.model.resource import Resource
from workspace.requests.request_draft import MOST_REVIEWERS, REASON_BYTES, RequestDraft
from workspace.text.budget import join_texts
from workspace.text.names import list_names
from workspace.text.untrusted import safe_text, truncate
from workspace.views.modals.request_input import (
    DURATION,
    EXPIRY,
    REASON,
    RESOURCES,
    REVIEWERS,
    ROLES,
    START,
)
from workspace.views.options import resource_option, role_option
from workspace.views.parts.moments import duration_text

REASON_CHARACTERS = 3000
"""The most that Slack lets a text input take."""
_HINT_ROOM = 1500
_UNCUT = REASON_BYTES * len("&amp;")
"""Longer than any reason."""
_PROMPT_LENGTH = 300
_REASON_HINT = "Some roles require a reason."
_HOUR = timedelta(hours=1)
_DURATIONS = (
    timedelta(minutes=30),
    *(_HOUR * hours for hours in (1, 2, 4, 8, 12)),
    *(timedelta(days=days) for days in (1, 2, 3, 7, 14)),
)


def roles_input(chosen: Sequence[str], *, required: bool) -> InputBlock:
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


def resources_input(chosen: Sequence[str], listed: Mapping[str, Resource]) -> InputBlock:
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


def reason_input(written: str, prompts: Sequence[str], *, required: bool) -> InputBlock:
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


def duration_input(chosen: timedelta | None) -> InputBlock:
    if chosen:
        chosen = timedelta(seconds=int(chosen.total_seconds()))
    offered = sorted({*_DURATIONS, chosen} if chosen else _DURATIONS)
    options = {each: _duration_option(each) for each in offered}
    return InputBlock(
        block_id=DURATION,
        label="Duration",
        optional=True,
        hint="Without one, access lasts as long as a Teleport session.",
        element=StaticSelectElement(
            action_id=DURATION,
            placeholder="Choose a duration",
            options=list(options.values()),
            initial_option=options[chosen] if chosen else None,
        ),
    )


def _duration_option(duration: timedelta) -> Option:
    return Option(
        text=PlainTextObject(text=duration_text(duration), emoji=False),
        value=str(int(duration.total_seconds())),
    )


def time_inputs(draft: RequestDraft) -> Iterator[InputBlock]:
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


def reviewers_input(typed: Sequence[str]) -> InputBlock:
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

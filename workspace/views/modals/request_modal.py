"""The request form: its IDs, its view, and how its input is read."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter
from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    ExternalDataMultiSelectElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    StaticSelectElement,
    UserMultiSelectElement,
)
from slack_sdk.models.views import View

from workspace.moment import Moment
from workspace.requests.request_draft import (
    EXACT,
    MOST_REVIEWERS,
    REASON_BYTES,
    AllowDuplicate,
    Duration,
    RequestDraft,
)
from workspace.text.names import list_names
from workspace.text.resources import RESOURCES_LISTED, RESOURCES_ROOM
from workspace.text.untrusted import fit_text, safe_text, slack_length, truncate
from workspace.views.modals import role_option
from workspace.views.parts import rich
from workspace.views.parts.moments import duration_text
from workspace.views.parts.outdated import outdated_form, reading

CALLBACK = "request_form"
ROLES, REASON, DURATION, REVIEWERS = "roles", "reason", "duration", "reviewers"
"""Each is a block id and, within the block, the action id."""
REASON_CHARACTERS = 3000
"""The most that Slack lets a text input take."""
_METADATA_LIMIT, _TEXT_LIMIT, _HINT_ROOM = 3000, 2000, 1500
_NOTE_LIMIT = _TEXT_LIMIT - 200
_UNCUT = REASON_BYTES * len("&amp;")
"""Longer than any reason."""

_COMPLETE_IT = "Some of your text didn't fit. Check the form and complete it."
_HOUR = timedelta(hours=1)
_DURATIONS = (
    timedelta(minutes=30),
    *(_HOUR * hours for hours in (1, 2, 4, 8, 12)),
    *(timedelta(days=days) for days in (1, 2, 3, 7, 14)),
)


@dataclass(frozen=True, slots=True)
class RequestFormMetadata:
    """The form's private metadata: the channel and the command from which it was opened."""

    __pydantic_config__ = EXACT

    channel: str = ""
    reviewers: tuple[str, ...] = ()
    """Typed as Teleport names: there may be no Slack user to preselect."""
    allow_duplicate: AllowDuplicate = False
    resources: tuple[str, ...] = ()
    """Typed, like the next two: the form has no inputs for them."""
    start: Moment | None = None
    until: Moment | None = None

    def to_json(self) -> str:
        return _ORIGINS.dump_json(self, by_alias=True, exclude_defaults=True).decode()


_ORIGINS = TypeAdapter(RequestFormMetadata)
_DURATION = TypeAdapter(Duration)


@dataclass(frozen=True, slots=True)
class RequestFormInput:
    """The values of a submitted form. Reviewers picked in it are Slack user IDs."""

    draft: RequestDraft
    role_values: tuple[str, ...]
    picked_reviewers: tuple[str, ...]
    channel: str


def request_form(
    draft: RequestDraft, *, channel: str, note: str = "", reason_required: bool = False
) -> View:
    """Build the form with the known values. `note` explains the reason for opening it."""
    blocks: list[Block] = []
    origin = _fit_metadata(
        RequestFormMetadata(
            channel=channel,
            reviewers=draft.reviewers,
            allow_duplicate=draft.allow_duplicate,
            resources=draft.resources,
            start=draft.start,
            until=draft.until,
        )
    )
    if draft.truncated or (origin.reviewers, origin.resources) != (
        draft.reviewers,
        draft.resources,
    ):
        note = f"{fit_text(note, _NOTE_LIMIT)} {_COMPLETE_IT}".strip()
    if note:
        text = PlainTextObject(text=fit_text(note, _TEXT_LIMIT), emoji=False)
        blocks.append(ContextBlock(elements=[text]))
    blocks += _typed(origin)
    blocks.append(_roles(draft.roles, required=not origin.resources))
    blocks.append(_reason(draft.reason, required=reason_required))
    blocks += [_duration(draft.duration), _reviewers(origin.reviewers)]
    return View(
        type="modal",
        callback_id=CALLBACK,
        title="Request access",
        submit="Request",
        close="Cancel",
        private_metadata=origin.to_json(),
        blocks=blocks,
    )


def read(values: Mapping[str, Mapping[str, Any]], private_metadata: str) -> RequestFormInput:
    """Read `state.values`. Role values still need `role_option.names`.

    Raises UserError for a form of another version.
    """
    with reading(outdated_form("/teleport-request")):
        return _read(values, private_metadata)


def _read(values: Mapping[str, Mapping[str, Any]], private_metadata: str) -> RequestFormInput:
    origin = _ORIGINS.validate_json(private_metadata or "{}")
    seconds = (_field(values, DURATION).get("selected_option") or {}).get("value")
    roles = _field(values, ROLES).get("selected_options") or ()
    return RequestFormInput(
        draft=RequestDraft(
            reason=(_field(values, REASON).get("value") or "").strip(),
            duration=_duration_from(seconds) if seconds else None,
            reviewers=origin.reviewers,
            allow_duplicate=origin.allow_duplicate,
            resources=origin.resources,
            start=origin.start,
            until=None if seconds else origin.until,
        ),
        role_values=tuple(option["value"] for option in roles),
        picked_reviewers=tuple(_field(values, REVIEWERS).get("selected_users") or ()),
        channel=origin.channel,
    )


def role_options(names: Iterable[str]) -> list[dict[str, Any]]:
    """Answer type-ahead, at most 100 as Slack takes no more."""
    return [role_option.option(name).to_dict() for name in list(names)[:100]]


def _fit_metadata(origin: RequestFormMetadata) -> RequestFormMetadata:
    """Leave out the last reviewers, and resources that don't fit, if a view can't carry all."""
    bare = replace(origin, resources=())

    def too_long(count: int) -> bool:
        return not _fits(replace(bare, reviewers=origin.reviewers[:count]))

    counts = range(1, len(origin.reviewers) + 1)
    fitting = replace(bare, reviewers=origin.reviewers[: bisect_left(counts, 1, key=too_long)])
    complete = replace(fitting, resources=origin.resources)
    return complete if _fits(complete) else fitting


def _fits(origin: RequestFormMetadata) -> bool:
    return slack_length(origin.to_json()) <= _METADATA_LIMIT


def _field(values: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return values.get(name, {}).get(name) or {}


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


def _reason(written: str, *, required: bool) -> InputBlock:
    visible = safe_text(written, _UNCUT, lines=100)
    return InputBlock(
        block_id=REASON,
        label="Reason",
        optional=not required,
        hint=None if required else "Some roles require a reason.",
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


def _duration_from(value: str) -> timedelta:
    return _DURATION.validate_python(timedelta(seconds=int(value)))


def _duration_option(duration: timedelta) -> Option:
    return Option(
        text=PlainTextObject(text=duration_text(duration), emoji=False),
        value=str(int(duration.total_seconds())),
    )


def _reviewers(typed: Sequence[str]) -> InputBlock:
    hint = f"Also suggested: {list_names(typed, len(typed), _HINT_ROOM)}" if typed else None
    return InputBlock(
        block_id=REVIEWERS,
        label="Suggested reviewers",
        optional=True,
        hint=hint,
        element=UserMultiSelectElement(
            action_id=REVIEWERS,
            placeholder="Select people",
            max_selected_items=MOST_REVIEWERS,
        ),
    )

"""Notes in the request form, and changes of an open form that leave the input as it is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import Block, ContextBlock, PlainTextObject

from workspace.text.names import list_names
from workspace.text.resources import RESOURCES_LISTED, RESOURCES_ROOM
from workspace.text.untrusted import fit_text
from workspace.views.modals.request_input import (
    RESOURCES,
    RequestFormMetadata,
    with_accepted_end,
)
from workspace.views.parts import rich
from workspace.views.parts.moments import duration_text

_TEXT_LIMIT = 2000
_NOTE_LIMIT = _TEXT_LIMIT - 200
_RESOURCE_NOTE, _END_NOTE = "resource_note", "end_note"
_COMPLETE_IT = "Some of your text didn't fit. Check the form and complete it."


def opening_note(note: str, *, incomplete: bool) -> Iterator[Block]:
    if incomplete:
        note = f"{fit_text(note, _NOTE_LIMIT)} {_COMPLETE_IT}".strip()
    if note:
        text = PlainTextObject(text=fit_text(note, _TEXT_LIMIT), emoji=False)
        yield ContextBlock(elements=[text])


def typed_parts(origin: RequestFormMetadata) -> Iterator[Block]:
    """Show the parts of the command that the form keeps without an input."""
    lines: list[rich.Line] = []
    if origin.resources:
        names = list_names(origin.resources, RESOURCES_LISTED, RESOURCES_ROOM, each=80)
        lines.append((rich.bold("Resources: "), names))
    if origin.start is not None:
        lines.append((rich.bold("Access starts: "), rich.moment(origin.start)))
    if origin.until is not None:
        lines.append((rich.bold("Access ends: "), rich.moment(origin.until)))
    if origin.session is not None:
        lines.append((rich.bold("Longest session: "), duration_text(origin.session)))
    if lines:
        yield rich.block(rich.lines(*lines))


def with_resource_note(view: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return an open form with a note below the resources, or without one.

    Blocks keep their IDs, so that Slack keeps the entered values.
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

    Blocks keep their IDs, so that Slack keeps the entered values.
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

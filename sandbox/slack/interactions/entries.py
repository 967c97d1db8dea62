"""Form values, checked as Slack's clients check them before submission."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sandbox.slack.block_kit.inputs import elements, is_empty, is_stateful, read_entry
from sandbox.slack.errors import BadRequestError
from sandbox.slack.wire import Blocks, JsonObject
from sandbox.slack.workspace.state import Workspace
from sandbox.slack.workspace.views import Entries, View

_REQUIRED = "Please complete this required field."
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_URL = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def read_entries(blocks: Blocks, values: Any) -> Entries:
    """Return values in the form of `state.values`, with the elements' own option objects.

    Raises BadRequestError for another form, and for unknown elements or options.
    """
    if not _are_entries(values):
        raise BadRequestError("values must have the form {block_id: {action_id: {...}}}")
    known = {
        (block["block_id"], element["action_id"]): element
        for block, element in elements(blocks)
        if is_stateful(element)
    }
    entries: Entries = {}
    for block_id, actions in values.items():
        for action_id, given in actions.items():
            element = known.get((block_id, action_id))
            if element is None:
                raise BadRequestError(f"the view has no input {block_id!r}, {action_id!r}")
            entries.setdefault(block_id, {})[action_id] = _read_entry(element, given)
    return entries


def complaints_about(workspace: Workspace, view: View) -> dict[str, str]:
    """Return Slack's messages for invalid inputs, by block ID."""
    values = view.values()
    complaints: dict[str, str] = {}
    for block in view.blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        value = values[block["block_id"]][element["action_id"]]
        for complaint in _complaints(workspace, block, element, value):
            complaints.setdefault(block["block_id"], complaint)
    return complaints


def _are_entries(values: Any) -> bool:
    return isinstance(values, dict) and all(
        isinstance(actions, dict) and all(isinstance(given, dict) for given in actions.values())
        for actions in values.values()
    )


def _read_entry(element: JsonObject, given: JsonObject) -> JsonObject:
    try:
        return read_entry(element, given)
    except KeyError as error:
        raise BadRequestError(f"{element['action_id']} has no option {error}") from None
    except (TypeError, AttributeError):
        raise BadRequestError(f"{element['action_id']} has no option {given}") from None


def _complaints(
    workspace: Workspace, block: JsonObject, element: JsonObject, value: JsonObject
) -> Iterator[str]:
    if is_empty(value):
        if not block.get("optional"):
            yield _REQUIRED
        return
    yield from _about_length(element, value)
    yield from _about_form(element, value)
    yield from _about_count(element, value)
    yield from _about_people(workspace, value)


def _about_length(element: JsonObject, value: JsonObject) -> Iterator[str]:
    text = value.get("value")
    if element["type"] != "plain_text_input" or text is None:
        return
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(text) < least:
        yield f"Please enter at least {least} characters."
    if len(text) > most:
        yield f"Please enter no more than {most} characters."


def _about_form(element: JsonObject, value: JsonObject) -> Iterator[str]:
    text = str(value.get("value"))
    match element["type"]:
        case "email_text_input" if not _EMAIL.fullmatch(text):
            yield "Please enter a valid email address."
        case "url_text_input" if not _URL.fullmatch(text):
            yield "Please enter a valid URL."
        case "number_input":
            yield from _about_number(element, text)


def _about_number(element: JsonObject, text: str) -> Iterator[str]:
    if not _NUMBER.fullmatch(text):
        yield "Please enter a number."
        return
    if "." in text and not element["is_decimal_allowed"]:
        yield "Please enter a whole number."
    if (least := element.get("min_value")) is not None and Decimal(text) < Decimal(least):
        yield f"Please enter a number of at least {least}."
    if (most := element.get("max_value")) is not None and Decimal(text) > Decimal(most):
        yield f"Please enter a number of at most {most}."


def _about_count(element: JsonObject, value: JsonObject) -> Iterator[str]:
    most = element.get("max_selected_items")
    for chosen in value.values():
        if most is not None and isinstance(chosen, list) and len(chosen) > most:
            yield f"Please select no more than {most} items."


def _about_people(workspace: Workspace, value: JsonObject) -> Iterator[str]:
    users = value.get("selected_users") or [value.get("selected_user")]
    if any(user is not None and user not in workspace.people for user in users):
        yield "Please select people of this workspace."

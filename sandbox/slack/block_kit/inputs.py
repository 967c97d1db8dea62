"""Input values: where an element keeps them, and which values it accepts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.slack.block_kit.elements import offered_options
from sandbox.slack.wire import Blocks, JsonObject


@dataclass(frozen=True)
class Slot:
    """The key of an element's value in `state.values`, and of its initial value in a block."""

    name: str
    initial: str
    of_options: bool = False
    many: bool = False


_SLOTS = {
    **dict.fromkeys(
        (
            "plain_text_input",
            "email_text_input",
            "url_text_input",
            "number_input",
        ),
        Slot("value", "initial_value"),
    ),
    "rich_text_input": Slot("rich_text_value", "initial_value"),
    **dict.fromkeys(
        ("static_select", "external_select", "radio_buttons"),
        Slot("selected_option", "initial_option", of_options=True),
    ),
    **dict.fromkeys(
        ("multi_static_select", "multi_external_select", "checkboxes"),
        Slot("selected_options", "initial_options", of_options=True, many=True),
    ),
    "users_select": Slot("selected_user", "initial_user"),
    "multi_users_select": Slot("selected_users", "initial_users", many=True),
    "conversations_select": Slot("selected_conversation", "initial_conversation"),
    "multi_conversations_select": Slot(
        "selected_conversations", "initial_conversations", many=True
    ),
    "channels_select": Slot("selected_channel", "initial_channel"),
    "multi_channels_select": Slot("selected_channels", "initial_channels", many=True),
    "datepicker": Slot("selected_date", "initial_date"),
    "timepicker": Slot("selected_time", "initial_time"),
    "datetimepicker": Slot("selected_date_time", "initial_date_time"),
}
_STATELESS = {
    "overflow": Slot("selected_option", "", of_options=True),
    "feedback_buttons": Slot("value", ""),
}


def elements(blocks: Blocks) -> Iterator[tuple[JsonObject, JsonObject]]:
    """Yield each interactive element with its block."""
    for block in blocks:
        if block["type"] in ("actions", "context_actions"):
            yield from ((block, element) for element in block["elements"])
        for place in ("accessory", "element"):
            if place in block and block[place]["type"] != "image":
                yield block, block[place]


def initial_state(blocks: Blocks) -> dict[str, dict[str, JsonObject]]:
    """Return the `state.values` of blocks without any input."""
    state: dict[str, dict[str, JsonObject]] = {}
    for block, element in elements(blocks):
        slot = _SLOTS.get(element["type"])
        if slot is None:
            continue
        initial = element.get(slot.initial)
        empty: Any = [] if slot.many else None
        state.setdefault(block["block_id"], {})[element["action_id"]] = {
            "type": element["type"],
            slot.name: initial if initial is not None else empty,
        }
    return state


def read_entry(element: JsonObject, given: JsonObject) -> JsonObject:
    """Return the state value for `given`, with the element's own option objects.

    Raises KeyError with the value if the element has no such option.
    """
    slot = _SLOTS[element["type"]]
    value = given.get(slot.name)
    if slot.of_options and value is not None:
        chosen = value if slot.many else [value]
        options = [_own_option(element, option["value"], option) for option in chosen]
        value = options if slot.many else options[0]
    if value is None and slot.many:
        value = []
    return {"type": element["type"], slot.name: value}


def chosen(element: JsonObject, value: Any) -> JsonObject:
    """Return the fields of an action that hold the selection."""
    slot = {**_SLOTS, **_STATELESS}[element["type"]]
    if slot.of_options:
        wanted = value if slot.many else [value]
        options = [_own_option(element, one) for one in wanted]
        return {slot.name: options if slot.many else options[0]}
    return {slot.name: value}


def slot_of(element: JsonObject) -> Slot:
    """Return where a stateful element keeps its value. Raises KeyError for other elements."""
    return _SLOTS[element["type"]]


def is_stateful(element: JsonObject) -> bool:
    return element["type"] in _SLOTS


def is_empty(state_value: JsonObject) -> bool:
    return all(not value for name, value in state_value.items() if name != "type")


def _own_option(element: JsonObject, value: str, given: JsonObject | None = None) -> JsonObject:
    """Return the element's option object with that value."""
    if element["type"].endswith("external_select"):
        text = {"type": "plain_text", "text": value, "emoji": True}
        return {"text": text, **(given or {}), "value": value}
    for option in offered_options(element):
        if option["value"] == value:
            return option
    raise KeyError(value)

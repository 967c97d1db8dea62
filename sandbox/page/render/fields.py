"""Inputs and menus, prepared for the templates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.cast import AccountType
from sandbox.page.render.reader import Reader
from sandbox.page.render.surface import Surface, plain
from sandbox.slack.block_kit.inputs import slot_of
from sandbox.slack.wire import Blocks, JsonObject
from sandbox.slack.workspace.conversations import Kind

_DEFAULT_QUERY_LENGTH = 3
_TYPING = {
    "plain_text_input": "text",
    "email_text_input": "email",
    "url_text_input": "url",
    "number_input": "number",
    "rich_text_input": "text",
}
_CALENDAR = {"datepicker": "date", "timepicker": "time", "datetimepicker": "datetime-local"}
_NAMES = {"datepicker": "Date", "timepicker": "Time", "datetimepicker": "Date and time"}
_CHOICES = ("radio_buttons", "checkboxes")


@dataclass(frozen=True)
class Field:
    """One stateful element on a surface."""

    surface: Surface
    block: JsonObject
    element: JsonObject

    @property
    def id(self) -> str:
        return f"{self.surface.id}-{self.block['block_id']}-{self.element['action_id']}"

    @property
    def template(self) -> str:
        kind = self.element["type"]
        if kind in _TYPING:
            return "text_input"
        if kind in _CALENDAR:
            return "calendar"
        return "choices" if kind in _CHOICES else "picker"

    @property
    def slot(self) -> str:
        """Key of the value in `state.values`."""
        return slot_of(self.element).name

    @property
    def kind(self) -> str:
        """How the page's script reads the value."""
        return {"datetimepicker": "datetime", "rich_text_input": "rich"}.get(
            self.element["type"], self.template
        )

    @property
    def many(self) -> bool:
        return slot_of(self.element).many

    @property
    def of_options(self) -> bool:
        """Whether the value consists of option objects instead of IDs."""
        return slot_of(self.element).of_options

    @property
    def input_type(self) -> str:
        """Type of the HTML input."""
        return {**_TYPING, **_CALENDAR}[self.element["type"]]

    @property
    def is_labelled(self) -> bool:
        """Whether the block has a label for the element."""
        return bool(self.block["type"] == "input")

    @property
    def is_required(self) -> bool:
        return self.is_labelled and not self.block.get("optional")

    @property
    def placeholder(self) -> str:
        text = self.element.get("placeholder")
        return "" if text is None else plain(text)

    @property
    def name(self) -> str:
        """Accessible name of an element without a label."""
        return self.placeholder or _NAMES.get(self.element["type"], "Choose an option")

    @property
    def described_by(self) -> str:
        hint = f"{self.id}-hint " if self.block.get("hint") else ""
        return f"{hint}{self.id}-error"

    @property
    def dispatch(self) -> str:
        """The browser's events that the app gets as an action, separated by spaces."""
        if not self.is_labelled:
            return "change"
        if not self.block.get("dispatch_action"):
            return ""
        if self.element["type"] not in _TYPING:
            return "change"
        config = self.element.get("dispatch_action_config") or {}
        triggers = config.get("trigger_actions_on") or ["on_enter_pressed"]
        events = {"on_enter_pressed": "enter", "on_character_entered": "input"}
        return " ".join(events[name] for name in triggers)

    @property
    def value(self) -> Any:
        return self.surface.value(self.block, self.element)

    @property
    def input_value(self) -> str:
        """The value as an HTML input contains it."""
        value = self.value
        if value is None:
            return ""
        if self.kind == "datetime":
            return datetime.fromtimestamp(value, self.surface.reader.zone).strftime(
                "%Y-%m-%dT%H:%M"
            )
        return _typed_text(value) if self.kind == "rich" else str(value)

    @property
    def selected(self) -> Blocks:
        """The selected options."""
        value = self.value
        chosen = value if self.many else [] if value is None else [value]
        if self.of_options:
            return [_shown_option(option) for option in chosen]
        return [_named_option(self.surface.reader, each) for each in chosen]

    @property
    def selected_values(self) -> list[str]:
        return [option["value"] for option in self.selected]

    @property
    def is_external(self) -> bool:
        """Whether the app provides the options during typing."""
        return str(self.element["type"]).endswith("external_select")

    @property
    def min_query_length(self) -> int:
        length = self.element.get("min_query_length")
        return _DEFAULT_QUERY_LENGTH if length is None else int(length)

    @property
    def groups(self) -> list[JsonObject]:
        """The options in groups. Options without a group have a group without a label."""
        if groups := self.element.get("option_groups"):
            return [
                {
                    "label": plain(group["label"]),
                    "options": [_shown_option(option) for option in group["options"]],
                }
                for group in groups
            ]
        return [{"label": "", "options": list(self._options())}]

    def _options(self) -> Iterator[JsonObject]:
        kind, reader = self.element["type"].removeprefix("multi_"), self.surface.reader
        if kind == "users_select":
            return _people(reader)
        if kind in ("channels_select", "conversations_select"):
            return _conversations(reader, with_private=kind == "conversations_select")
        return (_shown_option(option) for option in self.element.get("options") or [])


def _shown_option(option: JsonObject) -> JsonObject:
    """Return an option whose text has its emoji converted."""
    text = option["text"]
    if text["type"] == "mrkdwn":
        return option
    return {**option, "text": {**text, "text": plain(text)}}


def _option(value: str, label: str) -> JsonObject:
    return {"value": value, "text": {"type": "plain_text", "text": label, "emoji": False}}


def _named_option(reader: Reader, slack_id: str) -> JsonObject:
    if slack_id in reader.workspace.people:
        return _option(slack_id, reader.person_name(slack_id))
    name = reader.channel_name(slack_id)
    return _option(slack_id, name if name.startswith("@") else f"#{name}")


def _people(reader: Reader) -> Iterator[JsonObject]:
    for person in reader.workspace.people.values():
        if person.account_type is not AccountType.DEACTIVATED:
            yield _option(person.slack_user_id, person.real_name)


def _conversations(reader: Reader, *, with_private: bool) -> Iterator[JsonObject]:
    for conversation in reader.workspace.conversations.values():
        wanted = with_private or conversation.kind is Kind.PUBLIC
        if wanted and reader.workspace.can_see(reader.person, conversation):
            yield _named_option(reader, conversation.id)


def _typed_text(rich_text: JsonObject) -> str:
    """Return the text of rich text, one line for each part."""
    return "\n".join(
        "".join(leaf.get("text", "") for leaf in part["elements"]) for part in rich_text["elements"]
    )

"""Block elements: buttons, menus and inputs.

See docs.slack.dev/reference/block-kit/block-elements.
"""

from collections.abc import Iterator

from sandbox.slack.block_kit.objects import (
    BOX_OPTION,
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_ACTION_CONFIG,
    ID,
    LONGEST_TEXT,
    MENU_OPTION,
    ONE_OF_OPTIONS_AND_GROUPS,
    OPTION_GROUPS,
    OPTIONS,
    OVERFLOW_OPTION,
    plain_text,
)
from sandbox.slack.block_kit.rich_text import RICH_TEXT
from sandbox.slack.block_kit.schema import (
    Choice,
    Flag,
    Items,
    Number,
    Object,
    Problem,
    Rule,
    Shape,
    String,
    either,
    not_both,
)
from sandbox.slack.wire import JsonObject

_DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_DECIMAL = r"-?\d+(\.\d+)?"
_PLACEHOLDER = plain_text(150)


def _element(
    name: str, required: tuple[str, ...] = (), rules: tuple[Rule, ...] = (), **fields: Shape
) -> dict[str, Shape]:
    own: dict[str, Shape] = {"type": Choice((name,)), "action_id": ID, **fields}
    return {name: Object(own, required, rules)}


def _menu(
    name: str, required: tuple[str, ...] = (), rules: tuple[Rule, ...] = (), **fields: Shape
) -> dict[str, Shape]:
    """Return a select menu's shape. A multi-select also limits the number of selected items."""
    if name.startswith("multi_"):
        fields["max_selected_items"] = Number(1)
    common = {"placeholder": _PLACEHOLDER, "confirm": CONFIRM, "focus_on_load": Flag()}
    return _element(name, required, rules, **common, **fields)


def _typing(name: str, required: tuple[str, ...] = (), **fields: Shape) -> dict[str, Shape]:
    """Return the shape of a text input."""
    common = {
        "placeholder": _PLACEHOLDER,
        "dispatch_action_config": DISPATCH_ACTION_CONFIG,
        "focus_on_load": Flag(),
    }
    return _element(name, required, (_lengths_in_order,), **common, **fields)


def _lengths_in_order(value: JsonObject, at: str) -> Iterator[Problem]:
    least, most = value.get("min_length") or 0, value.get("max_length") or LONGEST_TEXT
    if least > most:
        yield Problem("`min_length` must be less than `max_length`", at)


def _initial_among_options(value: JsonObject, at: str) -> Iterator[Problem]:
    """Report an initial option that differs from all options."""
    given = value.get("initial_options") or []
    if value.get("initial_option") is not None:
        given = [value["initial_option"]]
    offered = list(offered_options(value))
    for initial in given:
        if not any(initial["value"] == one["value"] for one in offered):
            yield Problem("initial option is not among the options", at)


def offered_options(element: JsonObject) -> Iterator[JsonObject]:
    """Return the options of a menu, including the options in groups."""
    yield from element.get("options") or []
    for group in element.get("option_groups") or []:
        yield from group["options"]


_STATIC = {"options": OPTIONS, "option_groups": OPTION_GROUPS}
_STATIC_RULES = (*ONE_OF_OPTIONS_AND_GROUPS, _initial_among_options)
_BOXES: dict[str, Shape] = {
    "options": Items(BOX_OPTION, 10),
    "confirm": CONFIRM,
    "focus_on_load": Flag(),
}
_ID_LIST = Items(ID, 100, least=0)

BUTTONS = {
    **_element(
        "button",
        ("text",),
        text=plain_text(75),
        value=String(2000),
        url=String(3000),
        style=Choice(("primary", "danger")),
        confirm=CONFIRM,
        accessibility_label=String(75),
    ),
    **_element("overflow", ("options",), options=Items(OVERFLOW_OPTION, 5), confirm=CONFIRM),
}
_FEEDBACK = Object(
    {"text": plain_text(75), "value": String(2000), "accessibility_label": String(75)},
    ("text", "value"),
)
CONTEXT_BUTTONS = {
    **_element(
        "feedback_buttons",
        ("positive_button", "negative_button"),
        positive_button=_FEEDBACK,
        negative_button=_FEEDBACK,
    ),
    **_element(
        "icon_button",
        ("icon", "text"),
        icon=Choice(("trash",)),
        text=plain_text(75),
        value=String(2000),
        accessibility_label=String(75),
        visible_to_user_ids=_ID_LIST,
        confirm=CONFIRM,
    ),
}
SINGLE_MENUS = {
    **_menu("static_select", (), _STATIC_RULES, initial_option=MENU_OPTION, **_STATIC),
    **_menu("external_select", min_query_length=Number(), initial_option=MENU_OPTION),
    **_menu("users_select", initial_user=ID),
    **_menu(
        "conversations_select",
        initial_conversation=ID,
        default_to_current_conversation=Flag(),
        response_url_enabled=Flag(),
        filter=CONVERSATION_FILTER,
    ),
    **_menu("channels_select", initial_channel=ID, response_url_enabled=Flag()),
}
MULTI_MENUS = {
    **_menu(
        "multi_static_select",
        (),
        _STATIC_RULES,
        initial_options=Items(MENU_OPTION, 100),
        **_STATIC,
    ),
    **_menu(
        "multi_external_select",
        min_query_length=Number(),
        initial_options=Items(MENU_OPTION, 100),
    ),
    **_menu("multi_users_select", initial_users=_ID_LIST),
    **_menu(
        "multi_conversations_select",
        initial_conversations=_ID_LIST,
        default_to_current_conversation=Flag(),
        filter=CONVERSATION_FILTER,
    ),
    **_menu("multi_channels_select", initial_channels=_ID_LIST),
}
PICKERS = {
    **_menu("datepicker", initial_date=String(10, form=_DATE)),
    **_menu("timepicker", initial_time=String(5, form=_TIME), timezone=String(255)),
    **_menu("datetimepicker", initial_date_time=Number(10**9, 10**10 - 1)),
    **_element(
        "radio_buttons",
        ("options",),
        (_initial_among_options,),
        initial_option=BOX_OPTION,
        **_BOXES,
    ),
    **_element(
        "checkboxes",
        ("options",),
        (_initial_among_options,),
        initial_options=Items(BOX_OPTION, 10),
        **_BOXES,
    ),
}
TYPING = {
    **_typing(
        "plain_text_input",
        initial_value=String(LONGEST_TEXT),
        multiline=Flag(),
        min_length=Number(0, LONGEST_TEXT),
        max_length=Number(1, LONGEST_TEXT),
    ),
    **_typing("email_text_input", initial_value=String(LONGEST_TEXT)),
    **_typing("url_text_input", initial_value=String(LONGEST_TEXT)),
    **_typing(
        "number_input",
        ("is_decimal_allowed",),
        is_decimal_allowed=Flag(),
        initial_value=String(LONGEST_TEXT, form=_DECIMAL),
        min_value=String(LONGEST_TEXT, form=_DECIMAL),
        max_value=String(LONGEST_TEXT, form=_DECIMAL),
    ),
    **_typing("rich_text_input", initial_value=RICH_TEXT),
}
IMAGE_SOURCE: dict[str, Shape] = {
    "image_url": String(3000, 1),
    "slack_file": Object({"id": ID, "url": String(3000, 1)}, (), (either("id", "url"),)),
}
IMAGE_RULES = (either("image_url", "slack_file"), not_both("image_url", "slack_file"))
IMAGE = {
    "image": Object(
        {"type": Choice(("image",)), "alt_text": String(2000, 1), **IMAGE_SOURCE},
        ("alt_text",),
        IMAGE_RULES,
    )
}

"""Composition objects: texts, options, dialogs.

See docs.slack.dev/reference/block-kit/composition-objects.
"""

from sandbox.slack.block_kit.schema import (
    Choice,
    Flag,
    Items,
    Object,
    Shape,
    String,
    Typed,
    either,
    not_both,
)

LONGEST_TEXT = 3000
ID = String(255)


def plain_text(most: int = LONGEST_TEXT, least: int = 1) -> Shape:
    return Typed({"plain_text": _plain(most, least)})


def text(most: int = LONGEST_TEXT) -> Shape:
    """Return the shape of a plain text or mrkdwn object."""
    markup = Object(
        {"type": Choice(("mrkdwn",)), "text": String(most, 1), "verbatim": Flag()}, ("text",)
    )
    return Typed({"plain_text": _plain(most, 1), "mrkdwn": markup})


def _plain(most: int, least: int) -> Shape:
    kind = Choice(("plain_text",))
    return Object({"type": kind, "text": String(most, least), "emoji": Flag()}, ("text",))


CONFIRM = Object(
    {
        "title": plain_text(100),
        "text": text(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
        "style": Choice(("primary", "danger")),
    },
    ("title", "text", "confirm", "deny"),
)


def option(label: Shape, *, with_url: bool = False) -> Object:
    fields: dict[str, Shape] = {"text": label, "value": String(150), "description": text(75)}
    if with_url:
        fields["url"] = String(3000)
    return Object(fields, ("text", "value"))


MENU_OPTION = option(plain_text(75))
OVERFLOW_OPTION = option(plain_text(75), with_url=True)
BOX_OPTION = option(text(75))
"""Option of radio buttons and checkboxes, which allow mrkdwn."""

OPTION_GROUP = Object(
    {"label": plain_text(75), "options": Items(MENU_OPTION, 100)}, ("label", "options")
)
OPTIONS = Items(MENU_OPTION, 100)
OPTION_GROUPS = Items(OPTION_GROUP, 100)
ONE_OF_OPTIONS_AND_GROUPS = (
    either("options", "option_groups"),
    not_both("options", "option_groups"),
)

SUGGESTIONS = Object(
    {"options": Items(MENU_OPTION, 100, least=0), "option_groups": OPTION_GROUPS},
    rules=ONE_OF_OPTIONS_AND_GROUPS,
)
"""The app's response to typing in a select with external data."""

DISPATCH_ACTION_CONFIG = Object(
    {"trigger_actions_on": Items(Choice(("on_enter_pressed", "on_character_entered")), 2)}
)
CONVERSATION_FILTER = Object(
    {
        "include": Items(Choice(("im", "mpim", "private", "public")), 4),
        "exclude_external_shared_channels": Flag(),
        "exclude_bot_users": Flag(),
    }
)

"""A suggested reviewer as an option of a menu."""

from slack_sdk.models.blocks import Option, PlainTextObject

from workspace.text.untrusted import safe_name
from workspace.views.options.role_option import LIMIT


def reviewer_option(slack_user_id: str, name: str, slack_name: str, *, suggested: bool) -> Option:
    """Return the option of a linked user. `suggested` is whether the requester's roles do that."""
    text = f"{slack_name} ({name})" if slack_name else name
    note = PlainTextObject(text="Suggested by your roles", emoji=False) if suggested else None
    return Option(
        text=PlainTextObject(text=safe_name(text, LIMIT - 2), emoji=False),
        value=slack_user_id,
        description=note,
    )

"""The dialog that asks a user to confirm a click."""

from slack_sdk.models.blocks import ConfirmObject, PlainTextObject

from workspace.text.untrusted import fit_text

_LIMIT = 300
"""Length of the text (docs.slack.dev: confirmation dialog object)."""


def confirm_dialog(title: str, text: str, *, confirm: str, deny: str) -> ConfirmObject:
    """Return the dialog. Its text is plain, because it can contain names."""
    return ConfirmObject(
        title=title,
        text=PlainTextObject(text=fit_text(text, _LIMIT), emoji=False),
        confirm=confirm,
        deny=deny,
    )

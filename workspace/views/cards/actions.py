"""A block of buttons."""

from collections.abc import Iterator

from slack_sdk.models.blocks import ActionsBlock, ButtonElement


def actions(*buttons: ButtonElement) -> Iterator[ActionsBlock]:
    """Yield one block with the buttons, or none without buttons, since Slack rejects that."""
    if buttons:
        yield ActionsBlock(elements=list(buttons))

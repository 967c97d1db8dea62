"""Conversion of blocks to JSON without the SDK's `to_dict`."""

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    Option,
    PlainTextObject,
    SectionBlock,
)

from workspace.views.parts.plain import plain


def test_plain_rejects_blocks_that_the_sdk_rejects() -> None:
    """An invalid block raises an error without the SDK's `to_dict`."""
    for wrong in (
        SectionBlock(text="x" * 3001),
        ActionsBlock(elements=[ButtonElement(text="x" * 76, action_id="a")]),
        Option(text="x" * 76, value="a"),
    ):
        with pytest.raises(SlackObjectFormationError):
            wrong.to_dict()
        with pytest.raises(SlackObjectFormationError):
            plain(wrong)


def test_option_is_like_that_of_the_sdk() -> None:
    text = PlainTextObject(text="staging", emoji=False)
    for option in (
        Option(text=text, value="staging"),
        Option(text=text, value="staging", description=text),
        Option(text=text, value="staging", description="", url="https://example.com"),
    ):
        assert plain(option) == option.to_dict()

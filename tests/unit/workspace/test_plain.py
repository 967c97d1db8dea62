"""Conversion of blocks to JSON without the SDK's `to_dict`."""

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, SectionBlock

from workspace.views.parts.plain import plain


def test_plain_rejects_blocks_that_the_sdk_rejects() -> None:
    """An invalid block raises an error without the SDK's `to_dict`."""
    for wrong in (
        SectionBlock(text="x" * 3001),
        ActionsBlock(elements=[ButtonElement(text="x" * 76, action_id="a")]),
    ):
        with pytest.raises(SlackObjectFormationError):
            wrong.to_dict()
        with pytest.raises(SlackObjectFormationError):
            plain(wrong)

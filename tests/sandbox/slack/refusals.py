"""Helpers that expect an error from Slack."""

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError


async def refusal(call: Awaitable[Any]) -> Any:
    """The answer to a call that has to fail."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response


async def code(call: Awaitable[Any]) -> str:
    """The error code of a call that has to fail."""
    return str((await refusal(call))["error"])

"""A bot that refreshes App Home without Slack's pauses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from tests.integration.conftest import fast, run_bot_on
from tests.integration.slack_driver import Stage


@pytest.fixture
async def quick(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> AsyncIterator[Stage]:
    """Yield a bot with short intervals."""
    async with run_bot_on(Stage(slack, teleport), settings_file, fast) as ready:
        yield ready

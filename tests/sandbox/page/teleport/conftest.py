"""A page with the Teleport panel, between both stand-ins."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.page.teleport.panel import side_panel
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from tests.sandbox.page.teleport.panel_driver import PanelDriver


@pytest.fixture
async def teleport(tmp_path: Path) -> AsyncIterator[TeleportStandIn]:
    stand_in = await TeleportStandIn.start(tmp_path)
    stand_in.write_identities()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def panel(teleport: TeleportStandIn) -> AsyncIterator[PanelDriver]:
    slack = await SlackStandIn.start(panel=side_panel(teleport))
    async with aiohttp.ClientSession(base_url=slack.url) as session:
        yield PanelDriver(session, teleport)
    await slack.stop()

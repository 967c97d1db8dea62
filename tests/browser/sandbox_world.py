"""Both stand-ins with the page, and the real bot in the process of the test."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.process import running
from bot.settings.settings import load_settings
from bot.setup.manifest import manifest
from sandbox.bot_process import write_settings
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import utc_now
from sandbox.world import stand_ins

_START_SECONDS = 20.0


@dataclass(frozen=True)
class SandboxWorld:
    slack: SlackStandIn
    teleport: TeleportStandIn


@asynccontextmanager
async def running_sandbox(
    data: Path, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[SandboxWorld]:
    """Run a sandbox without rate limits during the block. `now` is the clock of all its parts."""
    async with stand_ins(data, pace=Pace(unlimited=True), now=now) as (slack, teleport):
        slack.install(manifest())
        settings = write_settings(
            data,
            teleport=teleport.address,
            identity=teleport.identity("bot"),
            slack_api=slack.api_url,
        )
        # Otherwise the bot waits a second between two messages in a channel.
        settings.write_text(f"{settings.read_text()}\n[pace]\nfactor = 10\n")
        async with running(load_settings(settings), now=now) as failed:
            await slack.socket_count(2, timeout=_START_SECONDS)
            yield SandboxWorld(slack, teleport)
            assert not failed.done(), failed

"""The stand-ins of a row, and the bot as a child process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.bot_process import BotProcess, write_settings
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn

_START_SECONDS = 60.0
SOCKETS_OF_BOT = 2


@dataclass(frozen=True)
class StandIns:
    slack: SlackStandIn
    teleport: TeleportStandIn
    settings: Path
    """Settings file for `run --config`."""


@asynccontextmanager
async def stand_ins(folder: Path, *, pace: Pace | None = None) -> AsyncIterator[StandIns]:
    """Serve a Slack and a Teleport during the block. Without `pace`, Slack has no rate limits."""
    async with AsyncExitStack() as stack:
        teleport = await TeleportStandIn.start(folder)
        stack.push_async_callback(teleport.stop)
        slack = await SlackStandIn.start(pace=pace or Pace(unlimited=True))
        stack.push_async_callback(slack.stop)
        settings = write_settings(
            folder,
            teleport=teleport.address,
            identity=teleport.identity("bot"),
            slack_api=slack.api_url,
            log=str(folder / "bot.log"),
        )
        yield StandIns(slack, teleport, settings)


@asynccontextmanager
async def bot_between(around: StandIns) -> AsyncIterator[BotProcess]:
    """Run the bot during the block, which starts when the sockets are open."""
    async with run_bot(around.slack, around.settings) as bot:
        yield bot


@asynccontextmanager
async def run_bot(slack: SlackStandIn, settings: Path) -> AsyncIterator[BotProcess]:
    """Run the bot with stand-ins that are already running."""
    bot = await BotProcess.start(settings)
    try:
        await slack.socket_count(SOCKETS_OF_BOT, _START_SECONDS)
        yield bot
    finally:
        await bot.stop()

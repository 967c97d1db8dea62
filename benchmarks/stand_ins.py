"""The stand-ins that a row measures against, and the bot as a child process between them."""

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
    """For `run --config`."""


@asynccontextmanager
async def stand_ins(folder: Path, *, pace: Pace | None = None) -> AsyncIterator[StandIns]:
    """Serve a Slack and a Teleport while the block runs; without `pace`, Slack limits nothing."""
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
    """Run the bot while the block runs, from its first sockets on."""
    async with bot_started(around.slack, around.settings) as bot:
        yield bot


@asynccontextmanager
async def bot_started(slack: SlackStandIn, settings: Path) -> AsyncIterator[BotProcess]:
    """Do so between stand-ins that are started another way."""
    bot = await BotProcess.start(settings)
    try:
        await slack.socket_count(SOCKETS_OF_BOT, _START_SECONDS)
        yield bot
    finally:
        await bot.stop()

"""A complete sandbox: Slack, Teleport and the bot."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sandbox import data_folder
from sandbox.addresses import needs_loopback
from sandbox.bot_log import Echo
from sandbox.bot_process import BotProcess, bots_manifest, write_settings
from sandbox.page.teleport.panel import side_panel
from sandbox.ports import Ports, check_ports
from sandbox.slack.control.control_api import Readiness
from sandbox.slack.manifest.document import load_manifest
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.errors import TeleportError
from sandbox.teleport.server import DEFAULT_SERVER_VERSION, Edition, TeleportStandIn
from sandbox.teleport.timestamps import utc_now

Result = TypeVar("Result")

_NO_SOCKET_MODE = (
    "The app manifest doesn't enable Socket Mode. The sandbox sends over Socket Mode alone, and"
    " never to a request URL."
)


_FREE_PORTS = Ports()
_READY_WITHOUT_BOT = Readiness(bot=False, manifest=False)


@dataclass(frozen=True)
class World:
    slack: SlackStandIn
    teleport: TeleportStandIn
    settings: Path
    """Path of the bot's settings file, which exists even without a bot."""
    bot: BotProcess | None

    async def wait_until_ready(self) -> None:
        """Return once the bot receives envelopes or, without a bot, at once."""
        status = self.slack.control_api.status
        await self.slack.workspace.changes.until(lambda: status()["ready"] or None, None)

    async def wait_for_bot(self) -> int:
        """Return the bot's exit code after it has ended. Without a bot, wait forever."""
        if self.bot is None:
            await asyncio.Event().wait()
            return 0
        return await self.bot.wait()


@asynccontextmanager
async def running(
    data: Path,
    ports: Ports,
    *,
    edition: Edition = Edition.ENTERPRISE,
    server_version: str = DEFAULT_SERVER_VERSION,
    with_bot: bool = True,
    manifest: Path | None = None,
    echo: Echo = Echo.NOTHING,
) -> AsyncIterator[World]:
    """Run both stand-ins, and the bot if wanted, during the block.

    `echo` selects the lines of the bot's log that appear on stderr. `manifest` is the file with
    the app's manifest, by default the bot's own. Without a bot and a file, no app is installed.

    Raises PortUnavailable, FolderUnavailable and ManifestError.
    """
    installed: object = None if manifest is None else load_manifest(manifest)
    loopback = with_bot and needs_loopback(ports.listen)
    async with AsyncExitStack() as stack:
        stack.enter_context(data_folder.lock(data))  # a running sandbox also uses the ports
        check_ports(ports, loopback=loopback)
        printing = _start_printing(stack) if with_bot and installed is None else None
        slack, teleport = await stack.enter_async_context(
            stand_ins(
                data,
                ports,
                edition=edition,
                server_version=server_version,
                readiness=Readiness(bot=with_bot, manifest=with_bot),
                loopback=loopback,
            )
        )
        settings = write_settings(
            data,
            teleport=teleport.address,
            identity=teleport.identity("bot"),
            slack_api=slack.api_url,
            approvers=not teleport.cluster.features.on_behalf_reviews,
        )
        bot = await BotProcess.start_with_log_file(settings, echo) if with_bot else None
        if bot is not None:
            stack.push_async_callback(bot.stop)
        if printing is not None:
            installed = await printing
        if installed is not None:
            _install(slack, installed)
        yield World(slack, teleport, settings, bot)


@asynccontextmanager
async def stand_ins(
    data: Path,
    ports: Ports = _FREE_PORTS,
    *,
    edition: Edition = Edition.ENTERPRISE,
    server_version: str = DEFAULT_SERVER_VERSION,
    readiness: Readiness = _READY_WITHOUT_BOT,
    loopback: bool = False,
    pace: Pace | None = None,
    now: Callable[[], datetime] = utc_now,
    random_bits: Callable[[int], int] = secrets.randbits,
) -> AsyncIterator[tuple[SlackStandIn, TeleportStandIn]]:
    """Run both stand-ins during the block, with the Teleport panel on Slack's page.

    `now` is the clock of both. With `loopback`, Slack is also served at 127.0.0.1. `random_bits`
    returns the bits in the names of access requests.
    """
    data.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        teleport = await TeleportStandIn.start(
            data,
            listen=ports.listen,
            port=ports.teleport,
            edition=edition,
            server_version=server_version,
            now=now,
            random_bits=random_bits,
        )
        stack.push_async_callback(teleport.stop)
        teleport.write_identities()
        slack = await SlackStandIn.start(
            listen=ports.listen,
            port=ports.slack,
            now=lambda: now().timestamp(),
            pace=pace,
            readiness=readiness,
            loopback=loopback,
            panel=side_panel(teleport),
        )
        stack.push_async_callback(slack.stop)
        _run_until_closed(stack, _announce_changes(teleport, slack))
        yield slack, teleport


def _install(slack: SlackStandIn, manifest: object) -> None:
    """Install the manifest. Warn if the app expects HTTP requests instead of Socket Mode."""
    slack.install(manifest)
    features = slack.workspace.app.features
    if features is not None and not features.uses_socket_mode:
        print(_NO_SOCKET_MODE, file=sys.stderr)


def _start_printing(stack: AsyncExitStack) -> asyncio.Task[object]:
    """Start printing the bot's manifest, which takes as long as the import of the bot."""
    return _run_until_closed(stack, bots_manifest())


async def _announce_changes(teleport: TeleportStandIn, slack: SlackStandIn) -> None:
    """Show changes of the cluster on open pages at once."""
    while True:
        with teleport.cluster.changes.subscribe() as subscription, suppress(TeleportError):
            async for _change in subscription.changes():
                slack.workspace.changes.announce()


def _run_until_closed(
    stack: AsyncExitStack, work: Coroutine[None, None, Result]
) -> asyncio.Task[Result]:
    task = asyncio.create_task(work)

    async def cancel() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(cancel)
    return task

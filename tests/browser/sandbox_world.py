"""Both stand-ins with the page, and the real bot in the process of the test."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import grpc

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
_ALWAYS = 1_000_000


@dataclass(frozen=True)
class SandboxWorld:
    slack: SlackStandIn
    teleport: TeleportStandIn


@asynccontextmanager
async def running_sandbox(
    data: Path,
    *,
    now: Callable[[], datetime] = utc_now,
    random_bits: Callable[[int], int] = secrets.randbits,
    leases: bool = True,
) -> AsyncIterator[SandboxWorld]:
    """Run a sandbox without rate limits during the block.

    `now` is the clock of all its parts. `random_bits` returns the bits in the names of requests.
    Without `leases` the bot works without a leader election, so that the clock can jump.
    """
    pace = Pace(unlimited=True)
    async with stand_ins(data, pace=pace, now=now, random_bits=random_bits) as (slack, teleport):
        slack.install(manifest())
        settings = write_settings(
            data,
            teleport=teleport.address,
            identity=teleport.identity("bot"),
            slack_api=slack.api_url,
        )
        # Half a second instead of one between two messages in a channel. A higher pace would also
        # shorten the time for each call so much that a busy machine exceeds it.
        settings.write_text(f"{settings.read_text()}\n[pace]\nfactor = 2\n")
        if not leases:
            teleport.faults.add(
                "AcquireSemaphore", grpc.StatusCode.PERMISSION_DENIED, times=_ALWAYS
            )
        async with running(load_settings(settings), now=now) as failed:
            await slack.socket_count(2, timeout=_START_SECONDS)
            yield SandboxWorld(slack, teleport)
            assert not failed.done(), failed

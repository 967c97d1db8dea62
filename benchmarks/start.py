"""From the start of the process to its first socket, and the memory that it takes then."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import monotonic

from benchmarks.process_usage import resident_megabytes
from benchmarks.requests import new_request
from benchmarks.row import Measurement
from benchmarks.stand_ins import StandIns, stand_ins
from sandbox.bot_process import BotProcess

_ROUNDS = 3
_MANY = (1_000, 10_000)
_MOST_MEGABYTES = 120.0
_PATIENCE = 60.0
_AT_REST_SECONDS = 5.0
_LIBRARIES = (
    "import aiohttp, grpc.aio, pydantic, slack_bolt.async_app, slack_sdk, stamina,"
    " structlog, cryptography.x509, prometheus_client"
)


class StartRow:
    name = "start"

    async def measure(self, folder: Path) -> Sequence[Measurement]:
        async with stand_ins(folder) as around:
            starts, imports = [], []
            for _ in range(_ROUNDS):
                imports.append(await _imported())
                seconds, idle = await _started(around)
                starts.append(seconds)
            empty = median(starts)
            rows = [
                Measurement("start to readiness", "s", empty, median(imports), target=1.5),
                Measurement("memory at rest", "MB", idle, _MOST_MEGABYTES, target=1.0),
            ]
            there = 0
            for many in _MANY:
                for _ in range(many - there):
                    new_request(around.teleport, user="nobody-in-slack", role="staging")
                there = many
                listed = await _listed(around)
                seconds, memory = await _started(around)
                name = f"start with {many:,} requests"
                more = max(seconds - empty, 0.0)
                rows.append(Measurement(name, "s", more, listed, target=3.0))
            name = f"memory with {many:,} requests"
            rows.append(Measurement(name, "MB", memory, _MOST_MEGABYTES, target=1.0))
        return rows


async def _started(around: StandIns) -> tuple[float, float]:
    """Give the seconds until the first socket, and the megabytes a little later."""
    started = monotonic()
    bot = await BotProcess.start(around.settings)
    try:
        await around.slack.socket_count(1, _PATIENCE)
        seconds = monotonic() - started
        await asyncio.sleep(_AT_REST_SECONDS)
        return seconds, resident_megabytes(bot.pid)
    finally:
        await bot.stop()
        await around.slack.socket_count(0, _PATIENCE)


async def _imported() -> float:
    """Give the seconds that a process takes to import the libraries and nothing else."""
    started = monotonic()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _LIBRARIES)
    if await process.wait():
        raise RuntimeError("the libraries cannot be imported")
    return monotonic() - started


async def _listed(around: StandIns) -> float:
    """Give the seconds that a bare program takes to list all requests."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.bare_list",
        around.teleport.address,
        str(around.teleport.identity("bot")),
        stdout=PIPE,
    )
    printed, _ = await process.communicate()
    return float(printed.split()[1])

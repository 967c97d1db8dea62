"""Time from the process's start to its first socket, and its memory use then."""

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
_TIMEOUT = 60.0
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
                imports.append(await _measure_imports())
                seconds, idle = await _measure_start(around)
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
                listed = await _measure_list(around)
                seconds, memory = await _measure_start(around)
                name = f"start with {many:,} requests"
                more = max(seconds - empty, 0.0)
                rows.append(Measurement(name, "s", more, listed, target=3.0))
            name = f"memory with {many:,} requests"
            rows.append(Measurement(name, "MB", memory, _MOST_MEGABYTES, target=1.0))
        return rows


async def _measure_start(around: StandIns) -> tuple[float, float]:
    """Return the seconds until the first socket, and the megabytes a little later."""
    started = monotonic()
    bot = await BotProcess.start(around.settings)
    try:
        await around.slack.socket_count(1, _TIMEOUT)
        seconds = monotonic() - started
        await asyncio.sleep(_AT_REST_SECONDS)
        return seconds, resident_megabytes(bot.pid)
    finally:
        await bot.stop()
        await around.slack.socket_count(0, _TIMEOUT)


async def _measure_imports() -> float:
    """Return the seconds that a process needs to import the libraries."""
    started = monotonic()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _LIBRARIES)
    if await process.wait():
        raise RuntimeError("the libraries cannot be imported")
    return monotonic() - started


async def _measure_list(around: StandIns) -> float:
    """Return the seconds that a minimal program needs to list all requests."""
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

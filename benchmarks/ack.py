"""Time from an envelope to its ack, compared with a minimal client."""

import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from benchmarks.percentile import percentile
from benchmarks.row import Measurement
from benchmarks.stand_ins import run_bot
from benchmarks.teleport_process import teleport_process
from sandbox.bot_process import write_settings
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.profile import identity_path
from sandbox.teleport.server import BOT_IDENTITY

_COMMAND = {"as": "alice", "do": "command", "channel": "access-requests"}
_TEXT = "/teleport-pending mine"
"""A command that reads user, locks and roles from Teleport, and posts a response to Slack."""
_ROUNDS = 7
"""In each round, the bot and the minimal client take turns at each rate."""
_COMMANDS_A_ROUND = {1: 3, 50: 75, 200: 200}
"""Commands per second, and number of commands."""
_TARGETS = {50: 2.0, 99: 3.0}
"""Percentile and highest ratio."""
_WARM_UP = 50


class AckRow:
    name = "ack"

    async def measure(self, folder: Path) -> Sequence[Measurement]:
        ours: dict[int, list[list[float]]] = defaultdict(list)
        bare: dict[int, list[list[float]]] = defaultdict(list)
        async with _bot(folder) as slack, _bare_client() as other:
            for each in (slack, other):
                await _acks(each, rate=_WARM_UP, count=_WARM_UP)
            for _ in range(_ROUNDS):
                for rate, count in _COMMANDS_A_ROUND.items():
                    bare[rate].append(await _acks(other, rate=rate, count=count))
                    ours[rate].append(await _acks(slack, rate=rate, count=count))
        return [
            Measurement(
                f"ack p{percent} at {rate}/s",
                "ms",
                ours=_of_median_round(ours[rate], percent),
                baseline=_of_median_round(bare[rate], percent),
                target=target,
            )
            for rate in _COMMANDS_A_ROUND
            for percent, target in _TARGETS.items()
        ]


def _of_median_round(rounds: Iterable[Iterable[float]], percent: float) -> float:
    """Return the percentile of the median round: other programs disturb some rounds."""
    return median(percentile(times, percent) for times in rounds)


async def _acks(slack: SlackStandIn, *, rate: float, count: int) -> list[float]:
    """Type commands at a steady rate. Return the milliseconds from each to its ack."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    typed = []
    for number in range(count):
        await asyncio.sleep(started + number / rate - loop.time())
        typed.append(asyncio.create_task(slack.act({**_COMMAND, "text": _TEXT})))
    done = await asyncio.gather(*typed)
    lost = [each["error"] for each in done if not each["acked"]]
    if lost:
        raise RuntimeError(f"{len(lost)} of {count} commands got no ack: {lost[0]}")
    return [float(each["ack_ms"]) for each in done]


@asynccontextmanager
async def _bot(folder: Path) -> AsyncIterator[SlackStandIn]:
    """Run the bot. Yield its Slack stand-in, which runs in this process."""
    slack = await SlackStandIn.start(pace=Pace(unlimited=True))
    try:
        async with teleport_process(folder) as address:
            settings = write_settings(
                folder,
                teleport=address,
                identity=identity_path(folder, BOT_IDENTITY),
                slack_api=slack.api_url,
                log=str(folder / "bot.log"),
            )
            async with run_bot(slack, settings):
                yield slack
    finally:
        await slack.stop()


@asynccontextmanager
async def _bare_client() -> AsyncIterator[SlackStandIn]:
    """Run the minimal client in a child process. Yield its Slack stand-in."""
    slack = await SlackStandIn.start(pace=Pace(unlimited=True))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.bare_client", slack.api_url
    )
    try:
        await slack.socket_count(1, 30)
        yield slack
    finally:
        process.terminate()
        await process.wait()
        await slack.stop()

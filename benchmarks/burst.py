"""A burst of a thousand requests for twenty channels."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from time import monotonic

import aiohttp

from benchmarks.process_usage import cpu_seconds
from benchmarks.requests import new_request
from benchmarks.row import Measurement
from benchmarks.stand_ins import StandIns, bot_between, stand_ins
from sandbox import cast
from sandbox.cast import Channel, Person

_REQUESTS, _CHANNELS = 1_000, 20
_UNPACED = 20.0
"""Multiple of Slack's limits. A higher value would shorten the lease too far."""
_CPU_BEFORE_MS = 6.0
"""CPU time of the bot for each request, before writes were combined."""
_TIMEOUT = 300.0


class BurstRow:
    name = "burst"

    async def measure(self, folder: Path) -> Sequence[Measurement]:
        bare, fast, slow = folders = [folder / name for name in ("bare", "unpaced", "paced")]
        for each in folders:
            each.mkdir()
        sequential = await _sequential(bare)
        unpaced, cpu = await _burst(fast, factor=_UNPACED)
        paced, cpu_paced = await _burst(slow, factor=1.0)
        slowest = _REQUESTS / _CHANNELS - 1
        return [
            Measurement("burst at Slack's pace", "s", paced, slowest, target=1.05),
            Measurement("burst without pace", "s", unpaced, sequential, target=1.0),
            Measurement("burst without pace, CPU each", "ms", cpu, _CPU_BEFORE_MS, target=1.0),
            Measurement("burst at pace, CPU each", "ms", cpu_paced, _CPU_BEFORE_MS, target=1.0),
        ]


async def _burst(folder: Path, *, factor: float) -> tuple[float, float]:
    """Return the seconds until the last card, and the milliseconds of CPU for each request."""
    async with stand_ins(folder) as around:
        _settle(around, factor)
        async with bot_between(around) as bot:
            before, started = cpu_seconds(bot.pid), monotonic()
            for number in range(_REQUESTS):
                role = f"role-{number % _CHANNELS}"
                new_request(around.teleport, user=f"user-{number}", role=role, reason="burst")
            seconds = await _last_card(around) - started
            return seconds, (cpu_seconds(bot.pid) - before) / _REQUESTS * 1000


async def _last_card(around: StandIns) -> float:
    """Wait until each request has a card. Raises TimeoutError if one is lost."""
    calls = around.slack.journal.calls
    announced: set[str] = set()
    looked_at = 0

    def all_cards() -> float | None:
        nonlocal looked_at
        for call in islice(calls, looked_at, None):
            looked_at += 1
            if call.method == "chat.postMessage" and str(call.args.get("channel")).startswith("C"):
                announced.add(call.args["metadata"]["event_payload"]["request_id"])
        return calls[-1].ms / 1000 if len(announced) == _REQUESTS else None

    return await around.slack.workspace.changes.until(all_cards, _TIMEOUT)


def _settle(around: StandIns, factor: float) -> None:
    """Open a channel for each role, and link a Slack account to each user."""
    channels = [_channel(number) for number in range(_CHANNELS)]
    for channel in channels:
        around.slack.workspace.set_up(channel)
    for number in range(_REQUESTS):
        person = Person(f"user-{number}", f"U0BURST{number:04}", f"User {number}", roles=())
        around.slack.workspace.add_person(person)
        traits = {cast.SLACK_TRAIT: [person.slack_user_id]}
        around.teleport.cluster.add_user(person.name, ["dev"], traits)
    named = "".join(f'role-{number} = "{each.id}"\n' for number, each in enumerate(channels))
    text = around.settings.read_text().replace(
        "[role_to_recipients]\n", f"[role_to_recipients]\n{named}"
    )
    around.settings.write_text(f"{text}\n[pace]\nfactor = {factor}\n")


def _channel(number: int) -> Channel:
    return Channel(f"burst-{number}", f"C0BURST{number:03}", members=(), bot_is_member=True)


async def _sequential(folder: Path) -> float:
    """Post the same number of messages in sequence, without rate limits. Return the seconds."""
    async with stand_ins(folder) as around, aiohttp.ClientSession() as http:
        started = monotonic()
        for number in range(_REQUESTS):
            async with http.post(
                f"{around.slack.api_url}chat.postMessage",
                json={"channel": "C0ACCESS01", "text": f"burst {number}"},
                headers={"Authorization": f"Bearer {cast.BOT_TOKEN}"},
            ) as answer:
                await answer.read()
        return monotonic() - started

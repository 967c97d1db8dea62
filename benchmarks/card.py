"""Time from a request in Teleport to its card in Slack, and from a click to the updated card."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic

from benchmarks.percentile import percentile
from benchmarks.requests import CHANNEL, new_request
from benchmarks.row import Measurement
from benchmarks.stand_ins import StandIns, bot_between, stand_ins
from sandbox.slack.control.journal import ApiCall

_ROUNDS = 100
_WARM_UP = 10
_PACE = 10.0
"""Multiple of Slack's rate limits, so that cards don't wait a second for each other."""
_BETWEEN = 0.12
"""Seconds for recording the previous card."""
_TIMEOUT = 30.0
_TARGET = 2.0


class CardRow:
    name = "card"

    async def measure(self, folder: Path) -> Sequence[Measurement]:
        async with run_both(folder) as (bot, bare):
            cards = await _measure_in_turns(bot, bare, _card)
            clicks = await _measure_in_turns(bot, bare, clicked_to_updated)
        return [_measured("card", *cards), _measured("click", *clicks)]


def _measured(name: str, ours: Sequence[float], bare: Sequence[float]) -> Measurement:
    return Measurement(
        f"{name} p50", "ms", percentile(ours, 50), percentile(bare, 50), target=_TARGET
    )


async def _measure_in_turns(
    bot: StandIns, bare: StandIns, measure: Callable[[StandIns, int], Awaitable[float]]
) -> tuple[list[float], list[float]]:
    """Measure the bot and the baseline alternately, in milliseconds."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(_WARM_UP + _ROUNDS):
        for around, times in zip((bot, bare), taken, strict=True):
            times.append(await measure(around, number))
            await asyncio.sleep(_BETWEEN)
    return taken[0][_WARM_UP:], taken[1][_WARM_UP:]


async def _card(around: StandIns, number: int) -> float:
    started = monotonic()
    new_request(around.teleport, reason=f"redis {number}.")
    call = await _call(around, "chat.postMessage", f"redis {number}.")
    return call.ms - started * 1000


async def clicked_to_updated(around: StandIns, number: int) -> float:
    reason = f"clicked {number}."
    request_id = new_request(around.teleport, reason=reason)
    posted = await _call(around, "chat.postMessage", reason)
    ts = posted.answer["ts"] if isinstance(posted.answer, dict) else ""
    await asyncio.sleep(_BETWEEN)
    started = monotonic()
    clicked = {
        "as": "bob",
        "do": "click",
        "channel": "access-requests",
        "ts": ts,
        "action_id": "approve",
        "value": request_id,
    }
    clicking = asyncio.create_task(around.slack.act(clicked))
    updated = await _call(around, "chat.update", ts)
    await clicking
    return updated.ms - started * 1000


async def _call(around: StandIns, method: str, words: str) -> ApiCall:
    """Wait for a Slack call for the channel that contains these words."""
    calls = around.slack.journal.calls

    def newest() -> ApiCall | None:
        return next(
            (
                call
                for call in list(calls)[-20:]
                if call.method == method
                and call.args.get("channel") == CHANNEL
                and words in str(call.args)
            ),
            None,
        )

    return await around.slack.workspace.changes.until(newest, _TIMEOUT)


@asynccontextmanager
async def run_both(folder: Path) -> AsyncIterator[tuple[StandIns, StandIns]]:
    """Run the bot and the minimal program, each with its own stand-ins."""
    async with AsyncExitStack() as stack:
        sides = []
        for name in ("bot", "bare"):
            (folder / name).mkdir()
            sides.append(await stack.enter_async_context(stand_ins(folder / name)))
        bot, bare = sides
        with bot.settings.open("a") as file:
            file.write(f"\n[pace]\nfactor = {_PACE}\n")
        await stack.enter_async_context(bot_between(bot))
        await stack.enter_async_context(_bare_notifier(bare))
        yield bot, bare


@asynccontextmanager
async def _bare_notifier(around: StandIns) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.bare_notifier",
        around.slack.api_url,
        around.teleport.address,
        str(around.teleport.identity("bot")),
    )
    try:
        await around.slack.socket_count(1, _TIMEOUT)
        yield
    finally:
        process.terminate()
        await process.wait()

"""The bot as an operator runs it, and the events that it logs."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.real_teleport.harness.product import product_command, product_environment
from tests.real_teleport.harness.programs import end

_STOP_SECONDS = 20.0
_EVENT_SECONDS = 45.0
"""Longer than a lease of 20 s and the takeover after its holder was killed."""

LogEvent = dict[str, Any]


def _any(_: LogEvent) -> bool:
    return True


@dataclass
class BotProcess:
    process: asyncio.subprocess.Process
    events: list[LogEvent] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def event(
        self, name: str, fits: Callable[[LogEvent], bool] = _any, *, after: int = 0
    ) -> LogEvent:
        """Return the first event of that name that fits, as soon as it is logged.

        The first `after` events of the log are ignored. Raises AssertionError if the bot ends or
        logs no such event.
        """
        try:
            async with asyncio.timeout(_EVENT_SECONDS):
                while True:
                    for event in self.events[after:]:
                        if event["event"] == name and fits(event):
                            return event
                    assert self.process.returncode is None, f"the bot ended: {self.events[-5:]}"
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {name} in {self.events[after:]}") from None

    async def kill(self) -> None:
        """End it as a power cut does."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> None:
        """End it as an operator does."""
        await end(self.process, _STOP_SECONDS)

    async def read_log(self) -> None:
        """Read stderr until it ends. A line that isn't an event is kept as one."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.events.append(_parse(line.decode().strip()))
            self._news.set()
        await self.process.wait()
        self._news.set()


@asynccontextmanager
async def running_bot(settings: Path, **environment: str) -> AsyncIterator[BotProcess]:
    """Run a bot while the block does, from the moment that it takes commands."""
    async with started_bot(settings, **environment) as bot:
        await bot.event("bot_started")
        await bot.event("socket_connected")
        yield bot


@asynccontextmanager
async def started_bot(settings: Path, **environment: str) -> AsyncIterator[BotProcess]:
    """Run a bot while the block does, ready or not."""
    process = await asyncio.create_subprocess_exec(
        *product_command("run", "--config", str(settings)),
        env=product_environment(**{"TELEPORT_CHATOPS_LOG__FORMAT": "json"} | environment),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    bot = BotProcess(process)
    reading = asyncio.create_task(bot.read_log())
    try:
        yield bot
    finally:
        await bot.stop()
        await reading


def _parse(line: str) -> LogEvent:
    try:
        event: LogEvent = json.loads(line)
    except ValueError:
        return {"event": line}
    return event

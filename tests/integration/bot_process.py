"""The bot as its own process with a health page, as an operator runs it."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp

from bot.process import running
from bot.settings.settings import load_settings
from sandbox.teleport.timestamps import utc_now
from tests.integration.forked_bot import ForkedBot

# The last one is set while coverage measures the tests, so that it measures this process too.
_KEPT = ("PATH", "HOME", "COVERAGE_PROCESS_CONFIG")

_PIECE_BYTES = 65_536


@dataclass
class Bot:
    """A bot and its log, which is read while the bot runs: a full pipe would stop it."""

    process: ForkedBot
    lines: list[str] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: asyncio.Task[None] = field(init=False)

    def __post_init__(self) -> None:
        self._reading = asyncio.create_task(self._read())
        self._reading.add_done_callback(lambda _: self._news.set())

    async def event(self, name: str) -> dict[str, object]:
        """Return the first log event of this name once it is written."""
        read = 0
        while True:
            for line in self.lines[read:]:
                if line.startswith("{") and (event := json.loads(line)).get("event") == name:
                    found: dict[str, object] = event
                    return found
            assert not self._reading.done(), f"no {name} in {self.lines}"
            read = len(self.lines)
            self._news.clear()
            await self._news.wait()

    async def end(self) -> tuple[int, str]:
        """Wait until the process ends, and return its exit code and its complete output."""
        await asyncio.wait([self._reading])
        self._reading.result()
        return await self.process.wait(), "\n".join(self.lines)

    async def _read(self) -> None:
        """Read pieces, because a StreamReader limits the length of a line."""
        rest = b""
        while piece := await self.process.stderr.read(_PIECE_BYTES):
            *lines, rest = (rest + piece).split(b"\n")
            self.lines += [line.decode(errors="replace").strip() for line in lines]
            self._news.set()
        if rest:
            self.lines.append(rest.decode(errors="replace"))


@asynccontextmanager
async def bot(*arguments: str, **environment: str) -> AsyncIterator[Bot]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    process = await ForkedBot.start(("run", *arguments), kept | environment)
    running_bot = Bot(process)
    try:
        yield running_bot
        # A killed process would leave no coverage data.
        process.terminate()
        await running_bot.end()
    except BaseException:
        process.kill()
        _, log = await running_bot.end()
        print(log)  # noqa: T201 - pytest shows it with the failure
        raise
    finally:
        process.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@asynccontextmanager
async def run_bot(settings_file: Path) -> AsyncIterator[tuple[Bot, "Health"]]:
    """Run a bot with a health page in its own process."""
    port = str(free_port())
    async with (
        bot("--config", str(settings_file), TELEPORT_CHATOPS_HEALTH__PORT=port) as process,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
    ):
        yield process, Health(http)


@asynccontextmanager
async def run_bot_here(
    settings_file: Path, now: Callable[[], datetime] = utc_now
) -> AsyncIterator["Health"]:
    """Run a bot with a health page in this process, with a clock and pauses set by the test."""
    settings = load_settings(settings_file)
    health = settings.health.model_copy(update={"port": free_port()})
    async with (
        running(settings.model_copy(update={"health": health}), now=now),
        aiohttp.ClientSession(f"http://127.0.0.1:{health.port}") as http,
    ):
        yield Health(http)


@dataclass
class Health:
    http: aiohttp.ClientSession

    async def page(self, path: str) -> tuple[int, str]:
        async with self.http.get(path) as response:
            return response.status, await response.text()

    async def metrics(self) -> dict[str, float]:
        """Return the metrics without labels from /metrics, by name."""
        _, text = await self.page("/metrics")
        rows = (row.split() for row in text.splitlines() if row.count(" ") == 1)
        return {name: float(value) for name, value in rows}

    async def metrics_where(self, fits: Callable[[dict[str, float]], bool]) -> dict[str, float]:
        """Poll until the condition holds, because metrics have no change events."""
        while True:
            if fits(found := await self.metrics()):
                return found
            await asyncio.sleep(0.1)

    async def warnings(self) -> dict[str, str]:
        """Return the warnings of /readyz."""
        _, text = await self.page("/readyz")
        warnings: dict[str, str] = json.loads(text)["warnings"]
        return warnings

    async def parts_where(
        self, fits: Callable[[dict[str, str]], bool]
    ) -> tuple[int, dict[str, str]]:
        """Poll until the condition holds, because the page has no change events."""
        while True:
            status, parts = await self.parts()
            if fits(parts):
                return status, parts
            await asyncio.sleep(0.1)

    async def parts(self) -> tuple[int, dict[str, str]]:
        """Return the parts of /readyz."""
        status, text = await self.page("/readyz")
        parts: dict[str, str] = json.loads(text)["parts"]
        return status, parts

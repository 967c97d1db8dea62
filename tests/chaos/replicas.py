"""Copies of the bot, as processes of their own that are killed, stopped and frozen."""

import asyncio
import os
import signal
import sys
from pathlib import Path

_END_SECONDS = 30.0
"""Longer than a bot takes to finish what is under way."""


class Replica:
    """A place in which a bot runs, one process after the other."""

    def __init__(self, settings: Path, log: Path) -> None:
        self._settings = settings
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._busy = asyncio.Lock()

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", "--config", str(self._settings),
                stdout=log, stderr=log,
            )  # fmt: skip

    async def kill(self) -> None:
        """End it at whatever instruction it is, and start another."""
        await self._replace(signal.SIGKILL)

    async def terminate(self) -> None:
        """Ask it to stop, and start another."""
        await self._replace(signal.SIGTERM)

    async def freeze(self, seconds: float) -> None:
        """Let it stand still for longer than its lease."""
        async with self._busy:
            self._send(signal.SIGSTOP)
            await asyncio.sleep(seconds)
            self._send(signal.SIGCONT)

    async def stop(self) -> None:
        async with self._busy:
            await self._end(signal.SIGTERM)

    async def _replace(self, how: signal.Signals) -> None:
        """One at a time: two that overlapped would start two, and one of them nobody would stop."""
        async with self._busy:
            await self._end(how)
            await self.start()

    async def _end(self, how: signal.Signals) -> None:
        """Raises TimeoutError if it does not end, which it must."""
        self._send(how)
        if self._process is not None:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()

    def _send(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, how)

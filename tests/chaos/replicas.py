"""Replicas of the bot, as separate processes that are killed, stopped and frozen."""

import asyncio
import os
import signal
import sys
from pathlib import Path

_END_SECONDS = 30.0
"""Longer than a graceful shutdown takes."""


class Replica:
    """A replica, which runs in one process after the other."""

    def __init__(self, settings: Path, log: Path) -> None:
        self._settings = settings
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._busy = asyncio.Lock()
        self._problems: list[str] = []

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", "--config", str(self._settings),
                stdout=log, stderr=log,
            )  # fmt: skip

    async def kill(self) -> bool:
        """Kill the process at any instruction, and start another. Return whether it was running."""
        return await self._replace(signal.SIGKILL)

    async def terminate(self) -> bool:
        """Stop the process gracefully, and start another. Return whether it was running."""
        return await self._replace(signal.SIGTERM)

    async def freeze(self, seconds: float) -> bool:
        """Suspend the process for longer than its lease. Return whether it was running."""
        async with self._busy:
            there = self._send(signal.SIGSTOP)
            await asyncio.sleep(seconds)
            self._send(signal.SIGCONT)
        return there

    async def stop(self) -> None:
        async with self._busy:
            await self._end(signal.SIGTERM)

    def problems(self) -> tuple[str, ...]:
        """Return unexpected exits, slow shutdowns, and unexpected errors in the log.

        While Slack stalls, the bot can't respond in any way, and logs this as an error.
        """
        lines = self._log.read_text(errors="replace").splitlines()
        unexpected = (
            line
            for line in lines
            if ('"level": "error"' in line and '"response_failed"' not in line)
            or "Traceback" in line
        )
        return (*self._problems, *(f"{self._log.name}: {line[:300]}" for line in unexpected))

    async def _replace(self, how: signal.Signals) -> bool:
        """Replace the process.

        The lock prevents overlapping replacements, which would stop only one of the new processes.
        """
        async with self._busy:
            there = await self._end(how)
            await self.start()
        return there

    async def _end(self, how: signal.Signals) -> bool:
        """End the process. Kill it, and note a problem, if it doesn't end in time."""
        there = self._send(how)
        if self._process is not None:
            try:
                async with asyncio.timeout(_END_SECONDS):
                    code = await self._process.wait()
                # A process that has just started doesn't handle signals yet.
                if there and how is signal.SIGTERM and code not in {0, -signal.SIGTERM}:
                    self._problems.append(f"{self._log.name}: exit code {code} after SIGTERM")
            except TimeoutError:
                self._problems.append(
                    f"{self._log.name}: still running {_END_SECONDS:g} s after {how.name}"
                )
                self._send(signal.SIGKILL)
                await self._process.wait()
        return there

    def _send(self, how: signal.Signals) -> bool:
        if self._process is None:
            return False
        if self._process.returncode is not None:
            self._problems.append(
                f"{self._log.name}: unexpected exit with code {self._process.returncode}"
            )
            return False
        os.kill(self._process.pid, how)
        return True

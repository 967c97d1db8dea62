"""Running a command of the panel as a child process."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.page.teleport.commands import Command, Tool

_MODULES = {Tool.TSH: "sandbox.teleport.tools.tsh", Tool.TCTL: "sandbox.teleport.tools.tctl"}
_SECONDS = 20.0
_LONGEST_OUTPUT = 100_000


class AlreadyRunning(Exception):
    """The user's previous command hasn't ended yet."""


@dataclass(frozen=True)
class Finished:
    """A command that has ended. `output` is stdout and stderr in the order of printing."""

    exit_code: int
    output: str


class CommandRuns:
    """Runs commands against one sandbox, one at a time for each user."""

    def __init__(self, data: Path, seconds: float = _SECONDS) -> None:
        self._data = data
        self._seconds = seconds
        self._running: set[str] = set()

    async def run(self, command: Command) -> Finished:
        """Run a command to its end. Raises AlreadyRunning, and TimeoutError after the limit."""
        with self._only_one(command.user):
            process = await self._start(command)
            try:
                async with asyncio.timeout(self._seconds):
                    output, _ = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        text = output.decode(errors="replace")[:_LONGEST_OUTPUT]
        return Finished(process.returncode or 0, text)

    async def _start(self, command: Command) -> Process:
        arguments = ["--data", str(self._data)]
        if command.tool is Tool.TSH:
            arguments += ["--as", command.user]
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # modules of the current folder must not replace installed ones
            "-m",
            _MODULES[command.tool],
            *arguments,
            *command.words,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env=os.environ | {"GRPC_VERBOSITY": "NONE", "NO_COLOR": "1"},
        )

    @contextmanager
    def _only_one(self, user: str) -> Iterator[None]:
        if user in self._running:
            raise AlreadyRunning
        self._running.add(user)
        try:
            yield
        finally:
            self._running.remove(user)

"""tsh and tctl of the sandbox, for its tests."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from typer.testing import CliRunner, Result

from sandbox.teleport.tools import tctl, tsh


class Terminal:
    """Runs the tools against one sandbox, beside the event loop that serves it."""

    def __init__(self, data: Path) -> None:
        self._data = ["--data", str(data)]

    async def tsh(self, person: str, *arguments: str) -> Result:
        argv = [*self._data, "--as", person, *arguments]
        return await asyncio.to_thread(CliRunner().invoke, tsh.app, argv)

    async def tctl(self, *arguments: str, stdin: str = "") -> Result:
        argv = [*self._data, *arguments]
        return await asyncio.to_thread(CliRunner().invoke, tctl.app, argv, input=stdin)

    async def start_tsh(self, person: str, *arguments: str) -> Process:
        """In a process of its own, for a command that waits."""
        argv = ["-m", "sandbox.teleport.tools.tsh", *self._data, "--as", person, *arguments]
        return await asyncio.create_subprocess_exec(sys.executable, *argv, stdout=PIPE, stderr=PIPE)


def printed(result: Result) -> str:
    """Return the output of a successful command."""
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def complaint(result: Result) -> str:
    """The one line on stderr of a command that failed."""
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    return line

"""Teleport's own programs, run with a deadline and without the developer's environment."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NAMES = ("teleport", "tctl", "tsh", "tbot")
_NOWHERE = "http://127.0.0.1:9"
"""A proxy address without a listener. Go never uses a proxy for loopback addresses."""


class ProgramFailed(Exception):
    """A program that ended with another exit code than 0."""


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str

    def succeeded(self, command: Sequence[str]) -> str:
        """Return stdout. Raises ProgramFailed."""
        if self.code:
            raise ProgramFailed(f"{' '.join(command)}: {self.code}\n{self.err}{self.out}")
        return self.out


@dataclass(frozen=True)
class Programs:
    """The programs in one folder."""

    folder: Path
    home: Path
    """The home directory of the programs."""

    @property
    def missing(self) -> list[str]:
        return [name for name in NAMES if not os.access(self.folder / name, os.X_OK)]

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def environment(self, **variables: str) -> dict[str, str]:
        """Return variables that keep the programs from calling out and from updating themselves."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TELEPORT_TOOLS_VERSION": "off",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HTTP_PROXY": _NOWHERE,
            "HTTPS_PROXY": _NOWHERE,
            **variables,
        }


async def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: str = "",
    seconds: float = 60.0,
) -> Finished:
    """Run a program to its end. Raises TimeoutError after `seconds`, and ends it then."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate(stdin.encode())
    finally:
        await end(process)
    assert process.returncode is not None
    return Finished(process.returncode, out.decode(), err.decode())


async def end(process: asyncio.subprocess.Process, seconds: float = 0.0) -> None:
    """End a program with SIGTERM, and with SIGKILL if it takes longer than `seconds`."""
    if process.returncode is not None:
        return
    if seconds:
        process.terminate()
        try:
            async with asyncio.timeout(seconds):
                await process.wait()
        except TimeoutError:
            pass
        else:
            return
    os.killpg(process.pid, signal.SIGKILL)
    await process.wait()

"""The process that forks bots: its start, its requests, and what it wrote when it failed."""

import atexit
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Self

_ROOT = Path(__file__).parents[2]


class ForkServerEnded(Exception):
    """It contains the process's exit code and its stderr."""


@dataclass(frozen=True)
class ForkServer:
    process: subprocess.Popen[bytes]
    requests: socket.socket
    errors: IO[bytes]

    @classmethod
    def start(cls, folder: Path = _ROOT) -> Self:
        """Start it in this folder. Python finds `tests` there, and not in the current folder."""
        here, there = socket.socketpair(type=socket.SOCK_SEQPACKET)
        errors = tempfile.TemporaryFile()  # noqa: SIM115 # unlike a pipe, it can't fill up
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "tests.integration.bot_fork_server", str(there.fileno())],
            env={"PATH": os.environ["PATH"], "GRPC_VERBOSITY": "NONE"}, cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            pass_fds=(there.fileno(),),
        )  # fmt: skip
        there.close()
        server = cls(process, here, errors)
        atexit.register(server.end)
        return server

    def fork(self, message: bytes, *descriptors: int) -> None:
        """Send a message with descriptors, and close them here.

        If the process has ended, then nothing writes to the descriptors.
        """
        with suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self.requests, [message], descriptors)
        for descriptor in descriptors:
            os.close(descriptor)

    def end(self) -> ForkServerEnded:
        """Wait until the process has ended."""
        self.requests.close()
        code = self.process.wait()
        self.errors.seek(0)
        written = self.errors.read().decode(errors="replace")
        return ForkServerEnded(f"The process that forks bots ended with code {code}:\n{written}")


@cache
def shared_fork_server() -> ForkServer:
    """All tests of this process share it."""
    return ForkServer.start()

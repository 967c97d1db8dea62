"""A bot in its own process, with the methods of asyncio's processes."""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Self


@dataclass
class ForkedBot:
    """Run `bot ARGUMENTS` in this environment. Its stderr is a pipe."""

    pid: int
    stderr: asyncio.StreamReader
    report: asyncio.StreamReader
    transports: tuple[asyncio.ReadTransport, ...]
    returncode: int | None = None

    @classmethod
    async def start(cls, arguments: tuple[str, ...], environment: dict[str, str]) -> Self:
        message = json.dumps({"arguments": arguments, "environment": environment}).encode()
        (errors, errors_end), (report, report_end) = os.pipe(), os.pipe()
        socket.send_fds(_server(), [message], [errors_end, report_end])
        os.close(errors_end)
        os.close(report_end)
        stderr, errors_transport = await _reader(errors)
        lines, report_transport = await _reader(report)
        process_id = int(await lines.readline())
        return cls(process_id, stderr, lines, (errors_transport, report_transport))

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Return the exit code after the process has ended."""
        if self.returncode is None:
            self.returncode = int(await self.report.readline())
        return self.returncode

    async def communicate(self) -> bytes:
        """Wait until the process ends, and return the rest of its stderr."""
        rest = await self.stderr.read()
        await self.wait()
        return rest

    def close(self) -> None:
        for transport in self.transports:
            transport.close()


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader, transport


@cache
def _server() -> socket.socket:
    """Start the process that forks bots. All tests of this process share it."""
    here, there = socket.socketpair(type=socket.SOCK_SEQPACKET)
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "tests.integration.bot_fork_server", str(there.fileno())],
        env={"PATH": os.environ["PATH"], "GRPC_VERBOSITY": "NONE"},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=(there.fileno(),),
    )  # fmt: skip
    there.close()

    @atexit.register
    def end() -> None:
        here.close()
        process.wait()

    return here

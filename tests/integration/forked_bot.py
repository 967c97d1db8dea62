"""A bot in its own process, with the methods of asyncio's processes."""

import asyncio
import json
import os
import signal
from dataclasses import dataclass, field
from typing import Self

from tests.integration.fork_server import ForkServer, shared_fork_server


@dataclass
class ForkedBot:
    """Run `bot ARGUMENTS` in this environment. Its stderr is a pipe."""

    pid: int
    stderr: asyncio.StreamReader
    report: asyncio.StreamReader
    stderr_pipe: asyncio.ReadTransport
    report_pipe: asyncio.ReadTransport
    returncode: int | None = None
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def start(
        cls,
        arguments: tuple[str, ...],
        environment: dict[str, str],
        server: ForkServer | None = None,
    ) -> Self:
        server = server or shared_fork_server()
        message = json.dumps({"arguments": arguments, "environment": environment}).encode()
        (errors, errors_end), (report, report_end) = os.pipe(), os.pipe()
        server.fork(message, errors_end, report_end)
        stderr, stderr_pipe = await _reader(errors)
        lines, report_pipe = await _reader(report)
        if not (process_id := await lines.readline()):
            stderr_pipe.close()
            report_pipe.close()
            shared_fork_server.cache_clear()
            raise server.end()
        return cls(int(process_id), stderr, lines, stderr_pipe, report_pipe)

    def send_signal(self, number: int) -> None:
        """Send it only while no other process can have this process ID."""
        if not self.report_pipe.is_closing():
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Return the exit code after the process has ended. Several tasks can wait."""
        async with self.reading:
            if self.returncode is None:
                code = await self.report.readline()
                assert code, "The process that reports the bot's end has ended before the bot"
                self.returncode = int(code)
        return self.returncode

    async def communicate(self) -> bytes:
        """Wait until the process ends, and return the rest of its stderr."""
        rest = await self.stderr.read()
        await self.wait()
        return rest

    def close(self) -> None:
        """Release the process ID."""
        self.stderr_pipe.close()
        self.report_pipe.close()


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader, transport

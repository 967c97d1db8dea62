"""A bot in its own process, with the methods of asyncio's processes."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from tests.integration.fork_server import ForkServer, shared_fork_server


@dataclass
class ForkedBot:
    """Run `bot ARGUMENTS` in this environment. Its stderr is a pipe."""

    pid: int
    stderr: asyncio.StreamReader
    report: asyncio.StreamReader
    transports: tuple[asyncio.ReadTransport, ...]
    returncode: int | None = None

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
        stderr, errors_transport = await _reader(errors)
        lines, report_transport = await _reader(report)
        if not (process_id := await lines.readline()):
            errors_transport.close()
            report_transport.close()
            shared_fork_server.cache_clear()
            raise server.end()
        return cls(int(process_id), stderr, lines, (errors_transport, report_transport))

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

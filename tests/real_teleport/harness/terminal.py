"""A program on a terminal, with scripted answers to its questions."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from tests.real_teleport.harness.programs import Finished, end

Answers = Sequence[tuple[str, Callable[[], str]]]
"""Words of each question, in order, with the function that returns the answer."""


async def run_on_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    answers: Answers,
    seconds: float = 60.0,
) -> Finished:
    """Run a program to its end, and answer each question once. Raises TimeoutError.

    A question is a line that ends with a colon and no newline. All output counts as stdout.
    """
    master, slave = os.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(slave)
    try:
        async with asyncio.timeout(seconds):
            said = await _converse(master, answers)
            code = await process.wait()
    finally:
        await end(process)
        os.close(master)
    return Finished(code, said, "")


async def _converse(terminal: int, answers: Answers) -> str:
    said, answered, left = "", 0, list(answers)
    async for chunk in _output(terminal):
        said += chunk
        if left and re.search(rf"{left[0][0]}[^\n]*:\s*\Z", said[answered:]):
            _, answer = left.pop(0)
            os.write(terminal, f"{answer()}\n".encode())
            answered = len(said)
    return said


async def _output(terminal: int) -> AsyncIterator[str]:
    """Yield the output until the program closes its end."""
    readable = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(terminal, readable.set)
    try:
        while True:
            await readable.wait()
            readable.clear()
            try:
                chunk = os.read(terminal, 4096)
            except OSError:  # EIO: on Linux the other end is closed
                return
            yield chunk.decode(errors="replace")
    finally:
        loop.remove_reader(terminal)

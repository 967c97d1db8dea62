"""The bot as a process, `python -m bot run`."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
"""Without settings and proxies of the user who runs the tests."""


@asynccontextmanager
async def running_bot(settings: Path) -> AsyncIterator[None]:
    """Run the bot and check that SIGTERM ends it with exit code 0. Its log goes to a file."""
    with (settings.parent / "bot.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--config", str(settings),
            stderr=log, env=ENVIRONMENT,
        )  # fmt: skip
    try:
        yield
        process.terminate()
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

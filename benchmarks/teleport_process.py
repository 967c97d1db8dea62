"""A Teleport stand-in in a child process: `python -m benchmarks.teleport_process FOLDER`.

In the process of the Slack stand-in, its work would affect the measurement.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from sandbox.teleport.server import BOT_IDENTITY, TeleportStandIn


@asynccontextmanager
async def teleport_process(folder: Path) -> AsyncIterator[str]:
    """Run the stand-in with its files in `folder` during the block. Yield its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.teleport_process", str(folder),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    lines = cast(asyncio.StreamReader, process.stdout)
    try:
        yield (await lines.readline()).decode().strip()
    finally:
        process.kill()
        await process.wait()


async def _main(folder: Path) -> None:
    """Print the address once the bot can use its identity file, and run until the end."""
    stand_in = await TeleportStandIn.start(folder)
    stand_in.identity(BOT_IDENTITY)
    print(stand_in.address, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))

"""A sandbox whose Slack has no rate limits: `python -m tests.contracts.fast_sandbox DATA`.

The tests of cards and buttons would otherwise wait a second for each message. It prints one line
of JSON once it serves, and runs until SIGTERM.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

from sandbox.bot_process import BotProcess, write_settings
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn


async def main(data: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    teleport = await TeleportStandIn.start(data)
    teleport.write_identities()
    slack = await SlackStandIn.start(pace=Pace(unlimited=True))
    settings = write_settings(
        data, teleport=teleport.address, identity=teleport.identity("bot"), slack_api=slack.api_url
    )
    settings.write_text(f"{settings.read_text()}\n[pace]\nfactor = 10\n")
    bot = await BotProcess.start(settings)
    await slack.socket_count(2, timeout=30)
    sys.stdout.write(json.dumps({"slack": slack.url, "teleport": teleport.address}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await bot.stop()
    await slack.stop()
    await teleport.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

"""Work begins one at a time, so that many interactions at once don't delay acks.

All that the event loop finds ready runs before it looks at the sockets again. Were the work of each
envelope to begin at once, an ack would wait for a step of everything that is in progress. Nothing
limits how much work waits for Teleport or Slack.
"""

import asyncio

_TURNS = 4
"""Of the event loop between two beginnings; some microseconds each while little is to be done."""


class StartQueue:
    def __init__(self) -> None:
        self._first = asyncio.Lock()

    async def wait(self) -> None:
        """Return when all who came before have begun, and the loop has handled what came since."""
        async with self._first:
            for _ in range(_TURNS):
                await asyncio.sleep(0)

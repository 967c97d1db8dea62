"""Start the work of interactions one at a time, so that many of them don't delay acks.

The event loop runs all ready tasks before it reads the sockets again. If the work of each envelope
started at once, an ack would wait for one step of every task. So between two starts the loop gets
time to receive and ack envelopes. The amount of work that waits for Teleport or Slack isn't
limited.
"""

import asyncio

_ITERATIONS = 4
"""Iterations of the event loop between two starts; some microseconds each if it is idle."""


class StartQueue:
    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def wait(self) -> None:
        """Return after all earlier callers, and after the loop has handled newer envelopes."""
        async with self._lock:
            for _ in range(_ITERATIONS):
                await asyncio.sleep(0)

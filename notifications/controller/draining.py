"""Runs an outbox for as long as its work runs, and drains both in the right order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from notifications.workqueue.work_queue import WorkQueue
from workspace.sending.outbox import Outbox


async def nothing_in_flight() -> None:
    """Finish work that waits for its own messages."""


@asynccontextmanager
async def draining(
    queue: WorkQueue, outbox: Outbox, finish: Callable[[], Awaitable[None]] = nothing_in_flight
) -> AsyncIterator[None]:
    """Send while the block runs. Then close the queue, stop the outbox and wait for `finish`.

    The outbox goes on until messages in flight are recorded, since these need its responses.
    """
    sending = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        queue.close()
        outbox.stop()
        try:
            await finish()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

"""Time limits of a stop.

`docker stop` kills a process after 10 s, and Kubernetes after 30 s. The ledger has the intent of
each message that is cut off, and the next leader sends it.
"""

import asyncio
import os
from threading import Timer

import structlog

SOCKETS_SECONDS = 3.0
"""To close the sockets: Slack accepts no ack later."""
FINISH_SECONDS = 6.0
"""To close the sockets and finish commands, clicks and messages in flight."""
PARTS_SECONDS = 1.5
"""To end everything else, and to give the lease back."""
_STOP_SECONDS = 9.5
"""For all of it. Python waits for threads without a limit, such as for one that looks up a host."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def limit_stop() -> None:
    """End the process if its stop, which begins now, takes too long."""
    timer = Timer(_STOP_SECONDS, _exit)
    timer.daemon = True
    timer.start()


async def wait_for_end(task: "asyncio.Task[None]", seconds: float) -> None:
    """Wait for a cancelled task, and leave it behind if it takes longer."""
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done and not task.cancelled():
        task.exception()


def _exit() -> None:
    log.warning("stop_cut_off", seconds=_STOP_SECONDS)
    os._exit(0)

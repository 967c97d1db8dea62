"""Time limits of a stop.

`docker stop` kills a process after 10 s, and Kubernetes after 30 s. A message that is cut off has
an intent in the ledger, and the next leader sends it. A timer in its own thread enforces the limit:
Python joins worker threads at exit, and one in a DNS lookup can take longer.
"""

import asyncio
import os
from threading import Timer

import structlog

SOCKETS_SECONDS = 3.0
"""Limit for closing the sockets: Slack accepts no later ack."""
FINISH_SECONDS = 6.0
"""Limit for closing the sockets and finishing interactions and messages in flight."""
PARTS_SECONDS = 1.5
"""Limit for ending everything else, and for releasing the lease."""
_STOP_SECONDS = 9.5
"""Limit for the whole stop."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def limit_stop() -> None:
    """Start the timer that ends the process if its stop takes too long."""
    timer = Timer(_STOP_SECONDS, _exit)
    timer.daemon = True
    timer.start()


async def wait_for_end(task: "asyncio.Task[None]", seconds: float) -> None:
    """Wait for a cancelled task, at most for these seconds."""
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done and not task.cancelled():
        task.exception()


def _exit() -> None:
    log.warning("stop_cut_off", limit_seconds=_STOP_SECONDS)
    os._exit(0)

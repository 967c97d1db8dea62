"""Supervision of the standby socket, which only a small deployment keeps.

Slack reports the app's socket count only in hello, so the supervisor opens a socket to learn it. If
there are enough without it, it closes the socket and tries again later.
"""

import asyncio
import random

import structlog

from bot.sockets.socket_client import SocketClient
from bot.sockets.socket_failure import TOO_MANY_SOCKETS
from bot.sockets.socket_supervisor import SocketSupervisor

MAX_SOCKETS_WITH_STANDBY = 3
"""Sockets of the app, over all replicas, beyond which no replica keeps a standby."""
STANDBY_RECHECK_SECONDS = 600.0
"""Interval between decisions: Slack limits the URLs per minute."""
STANDBY_FIRST_RECHECK_SECONDS = 45.0
"""The same for the first standby, because replicas mostly start together."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class StandbySupervisor(SocketSupervisor):
    """Keeps a second socket open while the app has few others."""

    _rechecked = False

    async def _released(self, fresh: SocketClient) -> bool:
        self._rechecked = self._rechecked or self._current is not None
        others = fresh.app_connections - (self._current in self._open)
        if fresh.reason != TOO_MANY_SOCKETS and not (
            fresh.usable and others > MAX_SOCKETS_WITH_STANDBY
        ):
            return False
        self._close(fresh)
        self._close(self._current)
        log.info("standby_socket_released", app_connection_count=fresh.app_connections)
        await asyncio.sleep(STANDBY_RECHECK_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311
        return True

    def _recheck_seconds(self) -> float:
        return STANDBY_RECHECK_SECONDS if self._rechecked else STANDBY_FIRST_RECHECK_SECONDS

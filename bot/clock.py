"""Our clock beside Slack's, which dates its answers.

A lease and the times of an access request are absolute times that Teleport judges by a clock of its
own, and tells nobody; Slack's is as good.
"""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import structlog

MOST_SKEW = timedelta(seconds=2)
"""Slack tells whole seconds, and an answer is under way for a while."""
_ANSWERS = 5
"""One that took long says little, so the best of these counts."""
CURE = "let this machine's clock be set by NTP: leases and durations go by it"

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def skew(date: str, now: datetime) -> timedelta:
    """How far apart we are. `date` is as HTTP writes it (RFC 9110, 5.6.7). Raises ValueError."""
    told = parsedate_to_datetime(date)
    # Without a zone, as `-0000` says it, it is UTC all the same.
    return abs(now - (told if told.tzinfo else told.replace(tzinfo=UTC)))


class SlackClock:
    """Listens to the answers of a session."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._skews: deque[timedelta] = deque(maxlen=_ANSWERS)
        self._said = False

    @property
    def skew(self) -> timedelta:
        return min(self._skews, default=timedelta())

    def seconds(self) -> float:
        return self.skew.total_seconds()

    @property
    def warning(self) -> str:
        """What is wrong and the cure; empty while our clock is right."""
        if self.skew <= MOST_SKEW:
            return ""
        return f"{self.seconds():.0f} s off Slack's clock; {CURE}"

    def trace(self) -> aiohttp.TraceConfig:
        """Give what the session has to be made with."""
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._listen)
        return trace

    async def _listen(
        self, _session: object, _context: object, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        try:
            self._skews.append(skew(ended.response.headers.get("Date", ""), self._now()))
        except ValueError:
            return
        if bool(self.warning) != self._said:
            self._said = not self._said
            log.warning("clock_skew", seconds=round(self.seconds()), over=not self._said)

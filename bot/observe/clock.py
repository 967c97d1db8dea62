"""The time, told by our clock and checked with the dates of Slack's answers.

A wrong clock must not close a request or name a moment nobody meant. Teleport tells no time, and
Slack dates each answer. Where our clock is off, its time is Slack's last date and what has passed
since by a clock that nobody sets.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median_low

import aiohttp
import structlog

from workspace.moment import in_utc

MOST_SKEW = timedelta(seconds=2)
"""Slack tells whole seconds, and an answer is under way for a while."""
_ANSWERS = 5
"""One that took long says little, so the best of these counts."""
HINT = "let this machine's clock be set by NTP: leases and durations go by it"
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""On Linux it goes on while the machine sleeps, and the other one doesn't (clock_gettime(2))."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def told_time(date: str) -> datetime:
    """Read a date as HTTP writes it (RFC 9110, 5.6.7). Raises ValueError."""
    try:
        told = parsedate_to_datetime(date)
    except OverflowError as error:
        raise ValueError("the date has an impossible zone") from error
    # Without a zone, as `-0000` says it, it is UTC all the same.
    return in_utc(told if told.tzinfo else told.replace(tzinfo=UTC))


def steady_seconds() -> float:
    """Return seconds of a clock that nobody sets."""
    return time.clock_gettime(_STEADY)


class SlackClock:
    """Listens to the answers of a session.

    `wall` is this machine's clock, `steady` counts seconds from any moment.
    """

    def __init__(
        self, wall: Callable[[], datetime], *, steady: Callable[[], float] = steady_seconds
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._starts: deque[datetime] = deque(maxlen=_ANSWERS)
        """When `steady` was 0, by each of Slack's last answers."""
        self._said = False

    def now(self) -> datetime:
        """Return our clock's time, or Slack's if none of its last answers agrees with ours."""
        # The median, since one date from something on the way must not decide.
        return self._wall() if self.skew <= MOST_SKEW else median_low(self._told())

    @property
    def heard(self) -> bool:
        """Whether Slack has told a time."""
        return bool(self._starts)

    @property
    def skew(self) -> timedelta:
        """How far our clock is off, by the best of Slack's last answers."""
        now = self._wall()
        return min((abs(now - told) for told in self._told()), default=timedelta())

    def seconds(self) -> float:
        return self.skew.total_seconds()

    @property
    def warning(self) -> str:
        """What is wrong and the cure; empty while our clock is right."""
        if self.skew <= MOST_SKEW:
            return ""
        return f"{self.seconds():.0f} s off Slack's clock; {HINT}"

    def trace(self) -> aiohttp.TraceConfig:
        """Give what the session has to be made with."""
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._listen)
        return trace

    def hear(self, date: str) -> None:
        """Take the date of an answer that came just now; nothing of one that is no date."""
        try:
            self._starts.append(told_time(date) - timedelta(seconds=self._steady()))
        except (ValueError, OverflowError):
            return
        if bool(self.warning) != self._said:
            self._said = not self._said
            log.warning(
                "clock_skew_detected", skew_seconds=round(self.seconds()), over=not self._said
            )

    def _told(self) -> list[datetime]:
        """What time it is by each of the answers."""
        passed = timedelta(seconds=self._steady())
        return [start + passed for start in self._starts]

    async def _listen(
        self, _session: object, _context: object, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        self.hear(ended.response.headers.get("Date", ""))

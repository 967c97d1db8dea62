"""The clock: this machine's time, checked against the dates of Slack's responses.

A wrong clock must not close a request too early, or show wrong times. Teleport's API returns no
time, but each HTTP response from Slack has a date. If the two differ, `now` returns Slack's last
date plus the seconds since then on a monotonic clock.

One date proves little: a slow response is old when it arrives, and a proxy can date its own
responses or replay old ones. The skew is therefore the smallest one among the last five responses,
and the corrected time is their median.
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

MAX_SKEW = timedelta(seconds=2)
"""Slack's dates have whole seconds, and a response is on its way for a while."""
HINT = "synchronize this machine's clock (NTP)"
_RESPONSES = 5
_MONOTONIC = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""On Linux, CLOCK_BOOTTIME also counts while the machine is suspended (clock_gettime(2))."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def parse_http_date(date: str) -> datetime:
    """Parse a date header (RFC 9110, 5.6.7). Raises ValueError."""
    try:
        moment = parsedate_to_datetime(date)
    except OverflowError as error:
        raise ValueError("the date has an impossible zone") from error
    # The zone `-0000` means UTC, but the parser returns a time without a zone for it.
    return in_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def monotonic_seconds() -> float:
    return time.clock_gettime(_MONOTONIC)


class SlackClock:
    """Clock that observes the responses of an HTTP session.

    `wall` is this machine's clock. `steady` is a monotonic clock with any starting point.
    """

    def __init__(
        self, wall: Callable[[], datetime], *, steady: Callable[[], float] = monotonic_seconds
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._starts: deque[datetime] = deque(maxlen=_RESPONSES)
        """When `steady` was 0, according to each of Slack's last responses."""
        self._skewed = False

    def now(self) -> datetime:
        """Return this machine's time, or Slack's if none of its last responses agrees with it."""
        return self._wall() if self.skew <= MAX_SKEW else median_low(self._slack_times())

    @property
    def checked(self) -> bool:
        """Whether a response had a date."""
        return bool(self._starts)

    @property
    def skew(self) -> timedelta:
        """Smallest difference to one of Slack's last responses."""
        now = self._wall()
        return min((abs(now - each) for each in self._slack_times()), default=timedelta())

    def seconds(self) -> float:
        return self.skew.total_seconds()

    @property
    def warning(self) -> str:
        """The skew and the hint; empty while the clock is right."""
        if self.skew <= MAX_SKEW:
            return ""
        return f"clock is {self.seconds():.0f} s off Slack's; {HINT}"

    def trace(self) -> aiohttp.TraceConfig:
        """Return the trace for the session to observe."""
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._observe_response)
        return trace

    def observe(self, date: str) -> None:
        """Record the date of a response that arrived just now. Ignore a malformed date."""
        try:
            start = parse_http_date(date) - timedelta(seconds=self._steady())
        except (ValueError, OverflowError):
            return
        self._starts.append(start)
        self._log_change()

    def _log_change(self) -> None:
        skewed = bool(self.warning)
        if skewed == self._skewed:
            return
        self._skewed = skewed
        skew_seconds = round(self.seconds())
        if skewed:
            log.warning("clock_skew_detected", skew_seconds=skew_seconds)
        else:
            log.info("clock_skew_resolved", skew_seconds=skew_seconds)

    def _slack_times(self) -> list[datetime]:
        """Return the current time according to each of the last responses."""
        passed = timedelta(seconds=self._steady())
        return [start + passed for start in self._starts]

    async def _observe_response(
        self, _session: object, _context: object, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        self.observe(ended.response.headers.get("Date", ""))

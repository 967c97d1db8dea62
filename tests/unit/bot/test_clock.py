"""Clock difference between this machine and a server."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.observe.clock import MAX_SKEW, SlackClock, parse_http_date

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@given(st.timedeltas(min_value=timedelta(days=-999), max_value=timedelta(days=999)), st.booleans())
def test_clock_difference_is_exact_to_the_second(off: timedelta, gmt: bool) -> None:
    """Cover both directions, and the time zone formats of HTTP and of email."""
    date = format_datetime((NOW + off).replace(tzinfo=UTC), usegmt=gmt)
    assert abs(parse_http_date(date) - NOW - off) < timedelta(seconds=1)


def test_date_without_a_zone_is_read_as_utc() -> None:
    assert parse_http_date("Sun, 22 Nov 2026 12:00:05 -0000") == NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "2026-11-22",
        "Sun, 99 Nov 2026 12:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1400",
        "Sun, 22 Nov 2026 12:00:00 +999999999999999999999",
        "Thu, 01 Jan 1970 00:00:00 +1400",
    ],
)
def test_malformed_date_is_rejected(date: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the library says
        parse_http_date(date)


class Times:
    """The machine's clock, and a monotonic clock that runs independently of it."""

    def __init__(self) -> None:
        self.passed = timedelta()
        self.off = timedelta()
        self.clock = SlackClock(lambda: self.truth + self.off, steady=self._steady)

    def _steady(self) -> float:
        return self.passed.total_seconds()

    @property
    def truth(self) -> datetime:
        return NOW + self.passed

    def respond(self, error: timedelta = timedelta()) -> None:
        self.clock.observe(format_datetime(self.truth + error, usegmt=True))


def test_clock_uses_local_time_before_slack_responds() -> None:
    times = Times()
    times.off = timedelta(days=9)
    assert times.clock.now() == NOW + timedelta(days=9)


@given(
    st.timedeltas(min_value=timedelta(days=-999), max_value=timedelta(days=999)),
    st.lists(st.timedeltas(min_value=timedelta(), max_value=timedelta(hours=9)), min_size=1),
)
def test_clock_follows_slack_when_local_time_is_wrong(
    off: timedelta, pauses: list[timedelta]
) -> None:
    """Cover also a jump of the local clock after Slack's last response."""
    times = Times()
    for pause in pauses:
        times.passed += pause
        times.respond()
    times.off = off
    times.passed += timedelta(minutes=1)
    assert abs(times.clock.now() - times.truth) <= MAX_SKEW
    assert bool(times.clock.warning) is (times.clock.skew > MAX_SKEW)


def test_single_date_from_a_proxy_does_not_set_the_clock() -> None:
    """A proxy can date its own responses, or replay old ones."""
    times = Times()
    times.off = timedelta(days=9)
    for error in (timedelta(), timedelta(), timedelta(days=99)):
        times.respond(error)
    assert abs(times.clock.now() - times.truth) <= MAX_SKEW


def test_clock_skew_is_logged_when_it_begins_and_when_it_ends() -> None:
    times = Times()
    with capture_logs() as events:
        times.respond()
        times.off = timedelta(seconds=30)
        times.respond()
        times.respond()
        times.off = timedelta()
        times.respond()
    assert [(each["event"], each["skew_seconds"]) for each in events] == [
        ("clock_skew_detected", 30),
        ("clock_skew_resolved", 0),
    ]


def test_clock_uses_local_time_again_when_a_response_agrees() -> None:
    """After a suspend of the machine, the monotonic clock lags behind."""
    times = Times()
    for _ in range(5):
        times.respond()
    times.off = timedelta(hours=1)
    times.respond(error=timedelta(hours=1))
    assert times.clock.now() == times.truth + timedelta(hours=1)
    assert times.clock.warning == ""

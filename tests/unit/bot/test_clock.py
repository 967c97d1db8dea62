"""Our clock beside that of whoever answers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.observe.clock import MOST_SKEW, SlackClock, told_time

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@given(st.timedeltas(min_value=timedelta(days=-999), max_value=timedelta(days=999)), st.booleans())
def test_the_difference_is_told_to_the_second(off: timedelta, gmt: bool) -> None:
    """In either direction, with the zone as HTTP has it and as mail has it."""
    date = format_datetime((NOW + off).replace(tzinfo=UTC), usegmt=gmt)
    assert abs(told_time(date) - NOW - off) < timedelta(seconds=1)


def test_a_date_without_a_zone_is_in_utc() -> None:
    assert told_time("Sun, 22 Nov 2026 12:00:05 -0000") == NOW + timedelta(seconds=5)


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
def test_what_is_no_date_is_refused(date: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the library says
        told_time(date)


class Times:
    """Our clock, and seconds that pass whatever our clock says."""

    def __init__(self) -> None:
        self.passed = timedelta()
        self.off = timedelta()
        self.clock = SlackClock(lambda: self.truth + self.off, steady=self._steady)

    def _steady(self) -> float:
        return self.passed.total_seconds()

    @property
    def truth(self) -> datetime:
        return NOW + self.passed

    def hear(self, error: timedelta = timedelta()) -> None:
        self.clock.hear(format_datetime(self.truth + error, usegmt=True))


def test_clock_is_ours_until_slack_answers() -> None:
    times = Times()
    times.off = timedelta(days=9)
    assert times.clock.now() == NOW + timedelta(days=9)


@given(
    st.timedeltas(min_value=timedelta(days=-999), max_value=timedelta(days=999)),
    st.lists(st.timedeltas(min_value=timedelta(), max_value=timedelta(hours=9)), min_size=1),
)
def test_clock_tells_slacks_time_however_far_ours_is_off(
    off: timedelta, pauses: list[timedelta]
) -> None:
    """Also where ours jumps after Slack's last answer."""
    times = Times()
    for pause in pauses:
        times.passed += pause
        times.hear()
    times.off = off
    times.passed += timedelta(minutes=1)
    assert abs(times.clock.now() - times.truth) <= MOST_SKEW
    assert bool(times.clock.warning) is (times.clock.skew > MOST_SKEW)


def test_one_date_of_something_on_the_way_decides_nothing() -> None:
    """A proxy may date its own answers, or replay old ones."""
    times = Times()
    times.off = timedelta(days=9)
    for error in (timedelta(), timedelta(), timedelta(days=99)):
        times.hear(error)
    assert abs(times.clock.now() - times.truth) <= MOST_SKEW


def test_clock_is_ours_again_once_an_answer_agrees_with_it() -> None:
    """As after the machine stood still, with all that counts seconds."""
    times = Times()
    for _ in range(5):
        times.hear()
    times.off = timedelta(hours=1)
    times.hear(error=timedelta(hours=1))
    assert times.clock.now() == times.truth + timedelta(hours=1)
    assert times.clock.warning == ""

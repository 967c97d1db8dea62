"""Our clock beside that of whoever answers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import skew

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@given(st.timedeltas(min_value=timedelta(days=-999), max_value=timedelta(days=999)), st.booleans())
def test_the_difference_is_told_to_the_second(off: timedelta, gmt: bool) -> None:
    """In either direction, with the zone as HTTP has it and as mail has it."""
    date = format_datetime((NOW + off).replace(tzinfo=UTC), usegmt=gmt)
    assert abs(skew(date, NOW) - abs(off)) < timedelta(seconds=1)


def test_a_date_without_a_zone_is_in_utc() -> None:
    assert skew("Sun, 22 Nov 2026 12:00:05 -0000", NOW) == timedelta(seconds=5)


@pytest.mark.parametrize("date", ["", "yesterday", "2026-11-22", "Sun, 99 Nov 2026 12:00:00 GMT"])
def test_what_is_no_date_is_refused(date: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the library says
        skew(date, NOW)

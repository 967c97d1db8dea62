"""Dates in Slack's formats and in the reader's zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.page.render.dates import format_date
from sandbox.page.render.reader import Reader
from tests.sandbox.page.conftest import reader_named


def _utc(*fields: int) -> int:
    return int(datetime(*fields, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type] # fields


_EVENING = _utc(2026, 11, 27, 21, 5, 9)
_OLD = _utc(2014, 2, 18, 14, 39)


@pytest.mark.parametrize(
    ("timestamp", "template", "expected"),
    [
        (_EVENING, "{date_short_pretty} {time}", "today 10:05 PM"),
        (_utc(2026, 11, 26, 23, 30), "{date_pretty}", "today"),
        (_utc(2026, 11, 26, 22, 30), "{date_pretty}", "yesterday"),
        (_utc(2026, 11, 28, 12), "{date_long_pretty}", "tomorrow"),
        (_utc(2026, 12, 24, 12), "{date_short_pretty}", "Dec 24"),
        (_OLD, "{date_num} {time_secs}", "2014-02-18 3:39:00 PM"),
        (_OLD, "{date}", "February 18th, 2014"),
        (_OLD, "{date_short}", "Feb 18, 2014"),
        (_OLD, "{date_long}", "Tuesday, February 18th, 2014"),
        (_OLD, "{date_long_full}", "February 18, 2014"),
        (_OLD, "{date_slash}", "02/18/2014"),
        (_utc(2026, 1, 1, 12), "{day_divider_pretty}", "Thursday, January 1st"),
        (_utc(2026, 11, 27, 10, 57), "{ago}", "3 minutes ago"),
        (_utc(2026, 11, 27, 10, 59, 48), "{ago}", "12 seconds ago"),
        (_utc(2026, 11, 27, 11, 0), "{ago}", "just now"),
        (_utc(2026, 11, 27, 11, 0, 12), "{ago}", "just now"),
        (_utc(2026, 11, 27, 13, 0), "{ago}", "2 hours from now"),
        (_OLD, "{other} {date_pretty_pretty} {}", "{other} {date_pretty_pretty} {}"),
        (10**17, "{date}", "fallback"),
    ],
)
def test_a_date_has_slacks_format(
    reader: Reader, timestamp: int, template: str, expected: str
) -> None:
    assert format_date(reader, timestamp, template, "fallback") == expected


@pytest.mark.parametrize(
    ("person", "expected"),
    [("alice", "today 10:05 PM"), ("bob", "today 4:05 PM"), ("carol", "tomorrow 6:05 AM")],
)
def test_a_date_is_in_the_zone_of_its_reader(person: str, expected: str) -> None:
    reader = reader_named(person)
    assert reader.zone == ZoneInfo(reader.person.timezone)
    assert format_date(reader, _EVENING, "{date_short_pretty} {time}", "") == expected

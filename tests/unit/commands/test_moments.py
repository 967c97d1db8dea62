"""Moments as users type them, in the user's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.parsing.grammar import parse_request
from commands.parsing.moments import parse_moment
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)
"""A Friday, 15:00 in Berlin."""


def resolve(typed: str, now: datetime = NOW) -> str:
    """Return the local time in Berlin."""
    moment = parse_moment(typed)
    assert moment is not None
    return moment.resolve(now, BERLIN).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M")


def question(typed: str, now: datetime = NOW) -> str:
    with pytest.raises(UserError) as asked:
        resolve(typed, now)
    return asked.value.text


@pytest.mark.parametrize(
    ("typed", "local"),
    [
        ("5pm", "2026-11-27 17:00"),
        ("5 p.m.", "2026-11-27 17:00"),
        ("2026-12-01T14:30:00Z", "2026-12-01 15:30"),
        ("2026-12-01T14:30:00+02:00", "2026-12-01 13:30"),
        ("2026-12-01T23:30-05:00", "2026-12-02 05:30"),
        ("at 17:30", "2026-11-27 17:30"),
        ("17.30", "2026-11-27 17:30"),
        ("17", "2026-11-27 17:00"),
        ("midnight", "2026-11-28 00:00"),
        ("tomorrow noon", "2026-11-28 12:00"),
        ("tomorrow 9:00", "2026-11-28 09:00"),
        ("Tomorrow at 9am.", "2026-11-28 09:00"),
        ("9:00 tomorrow", "2026-11-28 09:00"),
        ("tonight 23:00", "2026-11-27 23:00"),
        ("monday 9am", "2026-11-30 09:00"),
        ("on thu 9:00", "2026-12-03 09:00"),
        ("2026-12-01 14:00", "2026-12-01 14:00"),
        ("2026-12-01T14:00", "2026-12-01 14:00"),
        ("Dec 1 at 14:30", "2026-12-01 14:30"),
        ("1st December, 9am", "2026-12-01 09:00"),
        ("May 5 9:00", "2027-05-05 09:00"),
        ("feb 29 9:00", "2028-02-29 09:00"),
        ("in 2 hours", "2026-11-27 17:00"),
        ("now", "2026-11-27 15:00"),
        ("16:00 UTC", "2026-11-27 17:00"),
        ("2026-12-01T14:30:59.52Z", "2026-12-01 15:30"),
        ("12am tomorrow", "2026-11-28 00:00"),
    ],
)
def test_moment_is_resolved_in_the_users_zone(typed: str, local: str) -> None:
    assert resolve(typed) == local


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("5", "Write 5:00, 5am or 5pm"),
        ("tomorrow", "has no time. Add one, such as tomorrow 9:00"),
        ("9:00", "already passed today (15:00 now). Write “tomorrow 09:00”"),
        ("friday 9:00", "Write “today 09:00” or “2026-12-04 09:00”"),
        ("25:00", "isn't a time"),
        ("13pm", "isn't a time"),
        ("feb 30 9:00", "isn't a day of the calendar"),
        ("2026-02-30 9:00", "isn't a day of the calendar"),
        ("0001-01-01 00:00", "is too far from now"),
        ("0001-01-01T00:00+05:00", "is too far from now"),
        ("2026-12-01T25:00+05:00", "isn't a time"),
        ("9999-12-31 23:59", "is too far from now"),
    ],
)
def test_unclear_moment_leads_to_a_question(typed: str, asked: str) -> None:
    assert asked in question(typed)


@pytest.mark.parametrize("typed", ["12/1 9:00", "soon", "next monday 9:00", "staging", "", "99"])
def test_other_text_is_no_moment(typed: str) -> None:
    """Numbers with a slash are month and day in one country, day and month in another."""
    try:
        assert parse_moment(typed) is None
    except UserError as error:
        assert typed == "99", error


def test_local_time_that_does_not_exist_leads_to_a_question() -> None:
    """In Berlin the clocks go from 2:00 to 3:00 on March 28, 2027."""
    assert "Write “2027-03-28 03:30”" in question("2027-03-28 2:30")


def test_local_time_that_exists_twice_leads_to_a_question() -> None:
    """In Berlin the clocks go from 3:00 to 2:00 on October 31, 2027. Both answers can be typed."""
    asked = question("2027-10-31 2:30")
    assert "“2027-10-31 00:30 UTC” or “2027-10-31 01:30 UTC”" in asked
    assert resolve("2027-10-31 00:30 UTC") == resolve("2027-10-31 01:30 UTC")


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.dates(date(2025, 1, 1), date(2035, 1, 1)),
    st.times(),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_resolved_moment_is_the_typed_local_time(
    now: datetime, day: date, clock: time, name: str
) -> None:
    """Around a change of the clocks, the user gets a question instead."""
    zone = ZoneInfo(name)
    moment = parse_moment(f"{day.isoformat()} {clock:%H:%M}")
    assert moment is not None
    try:
        resolved = moment.resolve(now, zone)
    except UserError:
        local = datetime.combine(day, clock)
        offsets = {zone.utcoffset(local + timedelta(hours=hours)) for hours in range(-4, 5)}
        assert len(offsets) > 1
        return
    assert f"{resolved.astimezone(zone):%Y-%m-%d %H:%M}" == f"{day.isoformat()} {clock:%H:%M}"


@given(st.text(max_size=40))
def test_any_text_is_a_moment_a_question_or_neither(typed: str) -> None:
    try:
        moment = parse_moment(typed)
        if moment is not None:
            moment.resolve(NOW, BERLIN)
    except UserError as error:
        assert error.text.endswith("Nothing was requested.")


@pytest.mark.parametrize(
    ("typed", "start", "until"),
    [
        ("staging until 5pm", None, "17:00"),
        ("staging from 16:00 until 5pm", "16:00", "17:00"),
        ("staging from 16:00 to 17:00", "16:00", "17:00"),
        ("staging starting at 16:00 till 17:00 because x", "16:00", "17:00"),
        ("from 16:00 staging --until 17:00", "16:00", "17:00"),
        ('staging --start "16:00" --until "17:00"', "16:00", "17:00"),
        ("staging from now until 17:00", None, "17:00"),
    ],
)
def test_request_has_a_start_and_an_end(typed: str, start: str | None, until: str | None) -> None:
    draft = parse_request(typed).resolve(NOW, BERLIN)
    clocks = [each and f"{each.astimezone(BERLIN):%H:%M}" for each in (draft.start, draft.until)]
    assert clocks == [start, until]
    assert draft.roles == ("staging",)


def test_duration_counts_from_the_start() -> None:
    draft = parse_request("staging for 2h from tomorrow 9:00").resolve(NOW, BERLIN)
    assert draft.ends_at(NOW) == datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
    assert RequestDraft(duration=timedelta(hours=1)).ends_at(NOW) == NOW + timedelta(hours=1)


def test_end_and_duration_exclude_each_other() -> None:
    with pytest.raises(UserError, match="Use either “for” or “until”"):
        parse_request("staging for 2h until 5pm").resolve(NOW, BERLIN)


def test_reviewers_can_be_named_without_a_flag() -> None:
    """A role can be named `reviewers`, so a user's name with @ has to follow."""
    draft = parse_request("staging reviewers @bob, @carol because x").draft
    assert (draft.roles, draft.reviewers) == (("staging",), ("@bob", "@carol"))
    assert parse_request("reviewers because x").draft.roles == ("reviewers",)

"""Times and durations in words. Slack shows times in the reader's zone."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import humanize

MOMENT = "{date_short_pretty} at {time}"
AGO = "{ago}"
"""Formats that Slack fills in (docs.slack.dev: formatting message text)."""

_LONGEST_IN_WORDS = timedelta(days=366)
"""humanize fails if now minus the duration is outside of Python's calendar."""


def utc_text(when: datetime) -> str:
    """Return a time with its zone, for texts in which Slack doesn't convert times."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@lru_cache(1024)
def duration_text(length: timedelta) -> str:
    """Return a duration such as `2 hours`, which needs no time zone."""
    if length > _LONGEST_IN_WORDS:
        return f"{length.days} days"
    return humanize.precisedelta(length, format="%0.0f")

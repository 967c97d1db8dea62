"""How long people say that they need something."""

from datetime import timedelta

import humanize
from pytimeparse.timeparse import timeparse

from workspace.refusal import Refusal
from workspace.untrusted import label

LONGEST = timedelta(days=14)
"""Teleport grants nothing for longer (api/constants: MaxAccessDuration)."""
_SHORTEST = timedelta(minutes=1)
_FAR = 10**9
"""Seconds; beyond what anybody may ask for, and within what a timedelta holds."""


def duration_from(text: str) -> timedelta:
    """Read `2h`, `90 minutes`, `1h30m`, `1:30:00`, `2 days and 4 hours`.

    Raises Refusal for what is no duration, or one that Teleport never grants.
    """
    if not text.strip():
        raise Refusal(
            "Say for how long, as in: for 2h. Nothing was asked for.", reason="bad_duration"
        )
    seconds = timeparse(text.lower().replace(" and ", " ").strip())
    if seconds is None:
        raise Refusal(
            f"“{label(text)}” is not a duration. Write it like 30m, 2h, 1h30m or 3 days; leave it"
            " out to get as long as Teleport allows.",
            reason="bad_duration",
        )
    duration = timedelta(seconds=max(-_FAR, min(seconds, _FAR)))
    if not _SHORTEST <= duration <= LONGEST:
        raise Refusal(
            f"“{label(text)}” is not possible: ask for between a minute and"
            f" {humanize.precisedelta(LONGEST)}.",
            reason="bad_duration",
        )
    return duration

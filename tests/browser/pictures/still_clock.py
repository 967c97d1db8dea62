"""A clock that a story sets."""

from datetime import UTC, datetime, timedelta


class StillClock:
    """Stands still between the steps of a story."""

    def __init__(self) -> None:
        self._now = datetime(2026, 2, 10, 14, 5, 20, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, minutes: int) -> None:
        self._now += timedelta(minutes=minutes)

"""Timers for moments of a wall clock, which can be set while they run."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from notifications.workqueue import wall_clock_timers
from notifications.workqueue.key import Key
from notifications.workqueue.wall_clock_timers import WallClockTimers

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def key(name: str) -> Key:
    return Key("access_request", name)


class Desk:
    def __init__(self) -> None:
        self.now = NOW
        self.due: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self.timers = WallClockTimers(self._fired, now=lambda: self.now)

    def _fired(self, key: Key, high_priority: bool) -> None:
        self.due.put_nowait((key.name, high_priority))

    async def at(self, moment: datetime) -> list[tuple[str, bool]]:
        """Set the clock, and return the keys that are due by then."""
        self.now = moment
        # Both a new moment and the timer's longest sleep let it look at the clock.
        self.timers.set(key("last"), moment, high_priority=False)
        found = []
        async with asyncio.timeout(5):
            while (fired := await self.due.get())[0] != "last":
                found.append(fired)
        return found


async def test_key_is_due_at_its_moment_with_its_priority() -> None:
    desk = Desk()
    desk.timers.set(key("a"), NOW + 60 * SECOND, high_priority=True)
    desk.timers.set(key("b"), NOW + 60 * SECOND, high_priority=False)
    assert await desk.at(NOW + 59 * SECOND) == []
    assert await desk.at(NOW + 60 * SECOND) == [("a", True), ("b", False)]
    assert await desk.at(NOW + 120 * SECOND) == []


async def test_later_moment_replaces_an_earlier_one() -> None:
    desk = Desk()
    desk.timers.set(key("a"), NOW + 60 * SECOND, high_priority=False)
    desk.timers.set(key("a"), NOW + 90 * SECOND, high_priority=False)
    assert await desk.at(NOW + 60 * SECOND) == []
    assert await desk.at(NOW + 90 * SECOND) == [("a", False)]


async def test_discarded_moment_does_not_fire() -> None:
    desk = Desk()
    desk.timers.set(key("a"), NOW + 60 * SECOND, high_priority=False)
    desk.timers.discard(key("a"))
    assert await desk.at(NOW + 60 * SECOND) == []


async def test_change_of_the_clock_is_noticed_without_a_new_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wall_clock_timers, "_LONGEST_SLEEP", 0.01)
    desk = Desk()
    desk.timers.set(key("a"), NOW + timedelta(hours=1), high_priority=False)
    desk.now = NOW + timedelta(hours=1)
    async with asyncio.timeout(5):
        assert await desk.due.get() == ("a", False)

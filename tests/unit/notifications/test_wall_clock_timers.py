"""Timers for moments of a wall clock, which can be set while they run."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from notifications.workqueue import wall_clock_timers
from notifications.workqueue.key import Key
from notifications.workqueue.wall_clock_timers import WallClockTimers
from tests.patience import PATIENCE_SECONDS

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
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (fired := await self.due.get())[0] != "last":
                found.append(fired)
        assert self.due.empty()
        return found

    async def soon(self) -> list[tuple[str, bool]]:
        """Return the keys that are due within a few turns of the event loop."""
        for _ in range(5):
            await asyncio.sleep(0)
        return [self.due.get_nowait() for _ in range(self.due.qsize())]


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


async def test_past_moment_fires_at_once_and_again_when_it_is_set_again() -> None:
    desk = Desk()
    for _ in range(2):
        desk.timers.set(key("a"), NOW - SECOND, high_priority=True)
        assert await desk.soon() == [("a", True)]


async def test_cleared_moments_do_not_fire_until_they_are_set_again() -> None:
    desk = Desk()
    desk.timers.set(key("a"), NOW, high_priority=False)
    desk.timers.clear()
    assert await desk.soon() == []
    desk.timers.set(key("a"), NOW, high_priority=False)
    assert await desk.soon() == [("a", False)]


async def test_timer_sleeps_until_the_next_moment() -> None:
    looks = []

    def now() -> datetime:
        looks.append(NOW)
        return NOW

    timers = WallClockTimers(lambda *_: None, now=now)
    timers.set(key("a"), NOW + SECOND, high_priority=False)
    for _ in range(5):
        await asyncio.sleep(0)
    assert looks == [NOW]
    timers.clear()


async def test_change_of_the_clock_is_noticed_without_a_new_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wall_clock_timers, "_LONGEST_SLEEP", 0.01)
    desk = Desk()
    for hours, name in enumerate("abc"):
        desk.timers.set(key(name), NOW + timedelta(hours=hours), high_priority=False)
    async with asyncio.timeout(PATIENCE_SECONDS):
        for name in "abc":
            assert await desk.due.get() == (name, False)
            desk.now += timedelta(hours=1)


async def test_last_moment_ends_without_an_error() -> None:
    errors: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, error: errors.append(error))
    desk = Desk()
    desk.timers.set(key("a"), NOW, high_priority=False)
    assert await desk.soon() == [("a", False)]
    assert errors == []

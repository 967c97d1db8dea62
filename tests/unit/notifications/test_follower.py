"""The follower of a kind that exists only in memory, for orders of events that no server forces."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import islice

import pytest

from notifications.following.followed_kind import FollowedKind
from notifications.following.follower import Follower, FollowTiming
from teleport_client.model.event import WatchEvent
from tests.patience import PATIENCE_SECONDS
from workspace.conditions import Conditions

_SLOW_END = 50
"""Turns of the event loop that a cancelled list takes to end."""


class Names(FollowedKind[str]):
    """A kind without objects. Its second list, the first relist, runs until it is cancelled."""

    name = "name"

    def __init__(self) -> None:
        self.lists: asyncio.Queue[int] = asyncio.Queue()
        self._count = 0

    async def list(self) -> Iterable[str]:
        self._count += 1
        self.lists.put_nowait(self._count)
        if self._count == 2:
            try:
                await asyncio.Event().wait()
            finally:
                for _ in range(_SLOW_END):
                    await asyncio.sleep(0)
        return ()

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[WatchEvent[str]]]:
        yield _no_events()

    async def read(self, name: str) -> str | None:
        return name

    def name_of(self, found: str) -> str:
        return found


async def _no_events() -> AsyncIterator[WatchEvent[str]]:
    await asyncio.Event().wait()
    yield  # type: ignore[misc] # makes this an iterator


@pytest.mark.parametrize("factor", [1, 10])
def test_relists_follow_a_watch_twice_within_a_minute_and_then_rarely(factor: int) -> None:
    """The server's cache can be behind when the watch opens. The last interval stays."""
    soon, again, *rest = islice(FollowTiming().scaled(factor).delays(), 4)
    assert [soon * factor, again * factor] == pytest.approx([15, 45], rel=0.2)
    assert rest == pytest.approx([300, 300], rel=0.2)


async def test_relists_continue_when_an_earlier_one_ends_after_the_reconnect() -> None:
    kind, reconnected = Names(), asyncio.Event()

    async def wait_for_reconnect() -> None:
        await reconnected.wait()
        reconnected.clear()

    follower = Follower(
        kind,
        reconnected=wait_for_reconnect,
        condition=Conditions().component("watch"),
        timing=FollowTiming(relist_soon=0.01),
    )
    running = asyncio.create_task(follower.run())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await kind.lists.get() != 2:
                pass
            reconnected.set()
            while await kind.lists.get() != 4:
                pass
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

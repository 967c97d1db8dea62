"""Which keys a follower reports, and with which priority."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import structlog

from notifications.following.cache import Cached, Source
from notifications.following.follower import Follower, FollowTiming
from notifications.following.newcomers import AT_ONCE
from notifications.workqueue.key import Key
from teleport_client.errors import PermissionDenied, TeleportError, Unreachable
from teleport_client.model.event import Deleted, Put
from teleport_client.visibility import NotVisible
from tests.patience import PATIENCE_SECONDS
from tests.unit.notifications.memory_kind import MemoryKind, Thing
from workspace.backoff import Backoff
from workspace.conditions import Conditions

A, B = Thing("a"), Thing("b")
_NEVER = 3600.0
"""Seconds until a relist that no test waits for."""


class Followed:
    def __init__(self, kind: MemoryKind, relist_soon: float, relist: float) -> None:
        self.kind = kind
        self.reported: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self.condition = Conditions().component("watch")
        self.replaced = asyncio.Event()
        self.running: asyncio.Task[None] | None = None
        self.follower = Follower(
            kind,
            reconnected=self._reconnected,
            condition=self.condition,
            timing=FollowTiming(relist_soon, relist, relist, Backoff(first=0.001, longest=0.001)),
        )
        self.follower.on_change(self._report)

    async def _reconnected(self) -> None:
        await self.replaced.wait()
        self.replaced.clear()

    def _report(self, key: Key, *, high_priority: bool) -> None:
        assert key.kind == self.kind.name
        self.reported.put_nowait((key.name, high_priority))

    async def reports(self, count: int) -> list[tuple[str, bool]]:
        return [await self.reported.get() for _ in range(count)]

    async def lists(self, count: int) -> None:
        """Wait for so many lists, beginning with the first one."""
        for _ in range(count):
            await self.kind.lists.get()


@asynccontextmanager
async def follow(
    *listed: Thing, relist_soon: float = _NEVER, relist: float = _NEVER
) -> AsyncIterator[Followed]:
    followed = Followed(MemoryKind(*listed), relist_soon, relist)
    running = followed.running = asyncio.create_task(followed.follower.run())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await followed.follower.synced.wait()
            yield followed
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_objects_of_the_first_list_are_backlog() -> None:
    async with follow(A, B) as followed:
        assert await followed.reports(2) == [("a", False), ("b", False)]
        assert followed.follower.watching
        assert list(followed.follower.all_keys()) == [Key("thing", "a"), Key("thing", "b")]


async def test_object_missed_during_a_break_is_reported_like_an_event() -> None:
    async with follow(A) as followed:
        await followed.reports(1)
        followed.kind.listed = (A, B)
        followed.replaced.set()
        assert await followed.reports(1) == [("b", True)]
        assert followed.follower.get("a") == Cached(A, Source.LIST)


async def test_copy_is_up_to_date_while_events_arrive() -> None:
    """The bot stays healthy while it opens the next watch, but doesn't get events."""
    async with follow(A) as followed:
        await followed.lists(1)
        assert followed.follower.up_to_date() == [A]
        followed.kind.may_list.clear()
        followed.kind.listed = (A, B)
        followed.replaced.set()
        await followed.lists(1)
        assert followed.follower.watching
        assert followed.follower.up_to_date() is None
        followed.kind.may_list.set()
        await followed.reports(2)
        assert followed.follower.up_to_date() == [A, B]


async def test_object_missing_in_a_list_is_not_in_the_copy() -> None:
    """It still counts as known until a read shows that it is deleted."""
    async with follow(A, B) as followed:
        await followed.reports(2)
        followed.kind.listed = (A,)
        followed.replaced.set()
        assert await followed.reports(1) == [("b", False)]
        assert followed.follower.up_to_date() == [A]
        assert followed.follower.get("b") == Cached(B, Source.MISSING)


async def test_object_that_a_list_shows_again_is_in_the_copy() -> None:
    """A server's cache can be incomplete for a moment after a break."""
    async with follow(A, B) as followed:
        await followed.reports(2)
        followed.kind.listed = (A,)
        followed.kind.events.put_nowait(Unreachable("cut"))
        assert await followed.reports(1) == [("b", False)]
        followed.kind.listed = (A, B, Thing("c"))
        followed.kind.events.put_nowait(Unreachable("cut"))
        assert await followed.reports(1) == [("c", True)]
        assert followed.follower.up_to_date() == [A, B, Thing("c")]


async def test_flood_of_new_objects_is_backlog_and_changes_are_not() -> None:
    async with follow() as followed:
        flood = [Thing(str(number), owner="carol") for number in range(AT_ONCE + 2)]
        for event in (*flood, Thing("other", owner="bob"), flood[-1]):
            followed.kind.events.put_nowait(Put(event))
        followed.kind.events.put_nowait(Deleted("0"))
        reports = await followed.reports(len(flood) + 3)
        assert [high for _, high in reports[: len(flood)]] == [True] * AT_ONCE + [False] * 2
        assert reports[len(flood) :] == [("other", True), (flood[-1].name, True), ("0", True)]
        assert followed.follower.last_known("0") == flood[0]


async def test_list_after_a_break_gives_a_flood_low_priority() -> None:
    async with follow() as followed:
        followed.kind.listed = [Thing(f"{number:02}") for number in range(AT_ONCE + 1)]
        followed.replaced.set()
        reports = await followed.reports(AT_ONCE + 1)
        assert [high for _, high in reports] == [True] * AT_ONCE + [False]


async def test_event_during_a_read_is_newer_than_its_result() -> None:
    """It belongs to one object: the read of another one counts."""
    async with follow(A, B) as followed:
        await followed.reports(2)
        followed.kind.stored = {"a": A, "b": Thing("b", version=2)}
        followed.kind.may_read.clear()
        reads = [asyncio.create_task(followed.follower.refresh(name)) for name in "ab"]
        await asyncio.sleep(0)
        newer = Thing("a", version=3)
        followed.kind.events.put_nowait(Put(newer))
        await followed.reports(1)
        followed.kind.may_read.set()
        assert await asyncio.gather(*reads) == [newer, Thing("b", version=2)]
        assert followed.follower.get("b") == Cached(Thing("b", version=2), Source.FRESH)


async def test_relist_reads_missing_objects_and_reports_the_deleted_ones() -> None:
    """A missing object that is stored exists: the server's cache is behind."""
    async with follow(A, B, relist_soon=0.01) as followed:
        followed.kind.listed, followed.kind.stored = (), {"a": A}
        found = await followed.reports(5)
        assert sorted(found[:4]) == [("a", False), ("a", False), ("b", False), ("b", False)]
        assert found[4] == ("b", False)
        assert followed.follower.get("a") == Cached(A, Source.FRESH)
        assert followed.follower.last_known("b") == B


async def test_failed_watch_is_reported_and_opened_again() -> None:
    async with follow(A) as followed:
        await followed.reports(1)
        with structlog.testing.capture_logs() as logged:
            followed.kind.listed = Unreachable("no answer")
            followed.kind.events.put_nowait(Unreachable("cut"))
            await followed.lists(2)
            assert followed.condition.reason.startswith("the watch ended: ")
            followed.kind.listed = (A, B)
            assert await followed.reports(1) == [("b", True)]
            assert followed.follower.watching
        ended = [each for each in logged if each["event"] == "watch_ended"]
        assert ended[0] == {
            "event": "watch_ended", "log_level": "warning", "kind": "thing", "error": "cut",
            "retry_in_seconds": 0.0,
        }  # fmt: skip


@pytest.mark.parametrize("denial", [PermissionDenied("no read"), NotVisible("no list")])
async def test_denial_counts_until_the_next_list(denial: TeleportError) -> None:
    """An outage doesn't show whether the permission is back."""
    async with follow(A) as followed:
        await followed.lists(1)
        followed.kind.events.put_nowait(Unreachable("cut"))
        for error in (Unreachable("no answer"), denial, Unreachable("no answer")):
            followed.kind.listed = error
            await followed.lists(3)
        assert followed.follower.denied
        followed.kind.listed = (A, B)
        await followed.reports(2)
        assert not followed.follower.denied


async def test_permission_revoked_at_a_relist_ends_the_watch() -> None:
    async with follow(A, relist_soon=0.01) as followed:
        await followed.reports(1)
        followed.kind.listed = NotVisible("no list")
        await followed.lists(3)
        assert not followed.follower.watching
        assert followed.condition.reason == "the watch ended: no list"
        assert followed.follower.get("a") == Cached(A, Source.LIST)


async def test_event_during_a_relist_is_newer_than_its_result() -> None:
    """An event before the relist isn't: the next list counts again."""
    async with follow(A, relist_soon=0.01, relist=0.01) as followed:
        await followed.reports(1)
        followed.kind.may_list.clear()
        followed.kind.listed = (Thing("a", version=2),)
        await followed.lists(2)
        followed.kind.events.put_nowait(Put(Thing("a", version=3)))
        await followed.reports(1)
        followed.kind.listed = (Thing("a", version=4),)
        followed.kind.may_list.set()
        assert await followed.reports(1) == [("a", False)]
        assert followed.follower.get("a") == Cached(Thing("a", version=4), Source.DIFFERENT)


async def test_failed_relist_is_repeated_while_the_watch_goes_on() -> None:
    async with follow(A, relist_soon=0.01, relist=0.01) as followed:
        with structlog.testing.capture_logs() as logged:
            followed.kind.listed = Unreachable("no answer")
            await followed.lists(3)
        assert logged[0] == {
            "event": "relist_failed", "log_level": "warning", "kind": "thing",
            "error": "no answer",
        }  # fmt: skip
        assert followed.follower.watching
        followed.kind.listed = (A, B)
        assert await followed.reports(2) == [("a", False), ("b", True)]


async def test_unexpected_error_of_a_relist_ends_the_follower() -> None:
    async with follow(A, relist_soon=0.01) as followed:
        followed.kind.listed = KeyError("ours")
        assert followed.running is not None
        with pytest.raises(KeyError):
            await followed.running

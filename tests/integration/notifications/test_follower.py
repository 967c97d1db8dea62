"""The follower of access requests, with a Teleport that returns stale or delayed lists."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import grpc
import pytest

from notifications.following.cache import Source
from notifications.following.follower import Follower, FollowTiming
from notifications.requests.followed_requests import AccessRequests
from notifications.workqueue.key import Key
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import DENIED, AccessRequestV3
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.model.access_request import RequestState
from teleport_client.transport.dialer import dial
from teleport_client.visibility import Visibility
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request, with_state
from tests.patience import PATIENCE_SECONDS
from workspace.backoff import Backoff
from workspace.conditions import Conditions

_LATE = 0.8
"""Seconds of delay of a response while the state changes."""


class Followed:
    """Running follower and its reported changes."""

    def __init__(
        self,
        client: TeleportClient,
        visibility: Visibility,
        soon: float,
        backoff: Backoff | None = None,
    ) -> None:
        self.client = client
        self.reported: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        timing = FollowTiming(relist_soon=soon)
        self.follower = Follower(
            AccessRequests(client, visibility),
            reconnected=client.reconnected,
            condition=Conditions().component("watch"),
            timing=replace(timing, backoff=backoff) if backoff else timing,
        )
        self.follower.on_change(self._report)

    def _report(self, key: Key, *, high_priority: bool) -> None:
        self.reported.put_nowait((key.name, high_priority))

    def state(self, request: AccessRequestV3) -> RequestState | None:
        seen = self.follower.get(request.Metadata.Name)
        return seen.object.state if seen else None


class Follow(Protocol):
    def __call__(
        self, soon: float, backoff: Backoff | None = None
    ) -> AbstractAsyncContextManager[Followed]: ...


@pytest.fixture
def follow(teleport: TeleportStandIn) -> Follow:
    """Run the follower from the first list on, with a relist interval in seconds."""

    @asynccontextmanager
    async def follow(soon: float, backoff: Backoff | None = None) -> AsyncIterator[Followed]:
        credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
        async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
            visibility = Visibility(client.roles, lambda: credentials.roles)
            followed = Followed(client, visibility, soon, backoff)
            running = asyncio.create_task(followed.follower.run())
            async with asyncio.timeout(PATIENCE_SECONDS):
                await followed.follower.synced.wait()
                yield followed
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    return follow


async def test_request_missing_in_the_first_list_is_found_soon(
    teleport: TeleportStandIn, follow: Follow
) -> None:
    """It was created before the watch opened and wasn't yet in the cache behind the list."""
    teleport.cluster.stale_lists = True
    request = pending_request(teleport)
    async with follow(0.1) as followed:
        assert followed.state(request) is None
        teleport.cluster.stale_lists = False
        reported = await followed.reported.get()
        assert reported == (request.Metadata.Name, True), "news, and no backlog"


async def test_deletion_is_detected_by_a_replica_without_the_lease(
    teleport: TeleportStandIn, follow: Follow
) -> None:
    """It was deleted while the watch was cut, so there was no event.

    The reconciler, which reads requests, runs only on the leader.
    """
    request = pending_request(teleport)
    async with follow(0.1) as followed:
        teleport.faults.cut_watches(grpc.StatusCode.UNAVAILABLE)
        teleport.cluster.delete_request(request.Metadata.Name)
        while followed.state(request) is not None:
            await followed.reported.get()


async def test_event_is_newer_than_a_read_started_before_it(
    teleport: TeleportStandIn, follow: Follow
) -> None:
    request = pending_request(teleport)
    async with follow(3600) as followed:
        reading = asyncio.create_task(followed.follower.refresh(request.Metadata.Name))
        await deny_while_an_answer_is_late(teleport, followed, request)
        await reading
        assert followed.state(request) is RequestState.DENIED


async def test_event_is_newer_than_a_list_started_before_it(
    teleport: TeleportStandIn, follow: Follow
) -> None:
    request, waiting = pending_request(teleport), pending_request(teleport, user="bob")
    async with follow(0.1) as followed:
        await deny_while_an_answer_is_late(teleport, followed, request)
        # Each applied list reports all pending requests.
        while (await followed.reported.get())[0] != waiting.Metadata.Name:
            pass
        assert followed.state(request) is RequestState.DENIED


async def deny_while_an_answer_is_late(
    teleport: TeleportStandIn, followed: Followed, request: AccessRequestV3
) -> None:
    """Deny a request while a response is delayed; the response shows the earlier state."""
    teleport.faults.add("ListAccessRequests", delay=_LATE, after_commit=True)
    calls = len(teleport.journal.of("ListAccessRequests"))
    late = await teleport.journal.wait_for_call("ListAccessRequests", count=calls + 1)
    teleport.cluster.requests.put(with_state(request, DENIED))
    while followed.state(request) is not RequestState.DENIED:
        await followed.reported.get()
    assert late.ended is None, "the event came first"
    await teleport.journal.wait_for_call("ListAccessRequests", count=calls + 1, ended=True)


async def test_stale_copy_is_not_confirmed_by_a_stale_list(
    teleport: TeleportStandIn, follow: Follow
) -> None:
    """The request was resolved during the break, and the list comes from an outdated cache."""
    request = pending_request(teleport)
    async with follow(3600) as followed:
        await followed.follower.refresh(request.Metadata.Name)
        teleport.cluster.stale_lists = True
        teleport.faults.cut_watches(grpc.StatusCode.UNAVAILABLE)
        teleport.cluster.requests.put(with_state(request, DENIED))
        while not followed.reported.empty():
            followed.reported.get_nowait()
        await followed.reported.get()
        seen = followed.follower.get(request.Metadata.Name)
        assert seen
        assert (seen.object.pending, seen.source) == (True, Source.LIST)


async def test_reconnecting_leaves_no_open_files(teleport: TeleportStandIn, follow: Follow) -> None:
    """Garbage collection is off, because an idle bot rarely collects."""
    async with follow(3600) as followed:
        gc.collect()
        before = len(await open_files())
        gc.disable()
        try:
            for number in range(5):
                followed.client.reconnect()
                lists = number + 2
                await teleport.journal.wait_for_call("ListAccessRequests", count=lists, ended=True)
            while len(await open_files()) > before:
                pass
        finally:
            gc.enable()


async def open_files() -> list[str]:
    """Return this process's open files once both ends have closed theirs."""
    await asyncio.sleep(0.1)
    return [each.name for each in Path("/proc/self/fd").iterdir()]


async def test_short_watches_are_opened_at_growing_intervals(
    teleport: TeleportStandIn, follow: Follow
) -> None:
    """Each watch costs the server a complete list, even if it ends immediately after INIT."""
    unavailable = grpc.StatusCode.UNAVAILABLE
    teleport.faults.add("WatchEvents", unavailable, after_commit=True, times=5)
    backoff = Backoff(first=0.1, longest=0.8, steady=60)
    async with follow(3600, backoff):
        await teleport.journal.wait_for_call("ListAccessRequests", count=6, ended=True)
    lists = [call.started for call in teleport.journal.of("ListAccessRequests")]
    pauses = [later - earlier for earlier, later in pairwise(lists)]
    assert pauses[3] > 4 * backoff.first, "at least half of 0.8 s"
    assert pauses[4] > 4 * backoff.first


async def test_watch_that_lasted_is_reopened_at_once(
    teleport: TeleportStandIn, follow: Follow
) -> None:
    """The backoff of earlier failures is reset."""
    unavailable = grpc.StatusCode.UNAVAILABLE
    teleport.faults.add("WatchEvents", unavailable, after_commit=True, times=4)
    backoff = Backoff(first=0.05, longest=60, steady=0.3)
    with capture_logs() as log:
        async with follow(0.5, backoff):
            # The second list of the fifth watch comes after more than `steady`.
            await teleport.journal.wait_for_call("ListAccessRequests", count=6, ended=True)
            teleport.faults.cut_watches(unavailable)
            await log.until("watch_ended", count=5)
    assert log.all("watch_ended")[3]["retry_in_seconds"] >= 4 * backoff.first
    assert log.all("watch_ended")[4]["retry_in_seconds"] <= 2 * backoff.first

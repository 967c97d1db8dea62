"""Work queue of request IDs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import structlog
from slack_sdk.errors import SlackApiError

from notifications.controller.queue import ChangeQueue, Reconcile
from teleport_client.errors import InvalidArgument, PermissionDenied, Unreachable
from tests.unit.commands.test_outcome import slack_error


@asynccontextmanager
async def run_queue(queue: ChangeQueue, work: Reconcile, at_once: int = 4) -> AsyncIterator[None]:
    queue.open()
    task = asyncio.create_task(queue.run(work, at_once=at_once))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Worker:
    """Records the IDs it works on, and continues on a signal."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.high_priority: list[bool] = []
        self.go = asyncio.Event()
        self._news = asyncio.Event()

    async def __call__(self, request_id: str, live: bool) -> bool:
        self.seen.append(request_id)
        self.high_priority.append(live)
        self._news.set()
        return await self.go.wait()

    async def saw(self, count: int) -> list[str]:
        while len(self.seen) < count:
            self._news.clear()
            await self._news.wait()
        return self.seen


async def test_high_priority_goes_before_the_backlog() -> None:
    """A new request doesn't wait for older requests."""
    queue, worker = ChangeQueue(), Worker()
    async with run_queue(queue, worker, at_once=1):
        for name in ("first", "old-1", "old-2"):
            queue.add(name, high_priority=False)
        await worker.saw(1)
        queue.add("new")
        worker.go.set()
        assert await worker.saw(4) == ["first", "new", "old-1", "old-2"]
        assert worker.high_priority == [False, True, False, False]


async def test_duplicates_merge_and_a_change_during_work_requeues() -> None:
    """An ID never has two workers."""
    queue, worker = ChangeQueue(), Worker()
    async with run_queue(queue, worker):
        queue.add("a")
        await worker.saw(1)
        for _ in range(3):
            queue.add("a")
        queue.add("b")
        assert await worker.saw(2) == ["a", "b"]
        worker.go.set()
        assert await worker.saw(3) == ["a", "b", "a"]


async def test_failed_request_is_retried_and_blocks_no_other() -> None:
    queue = ChangeQueue()
    seen: list[str] = []
    healed = asyncio.Event()

    async def work(request_id: str, _live: bool) -> bool:
        seen.append(request_id)
        if request_id == "bad" and seen.count("bad") == 1:
            raise ValueError("trouble")
        if request_id == "bad":
            healed.set()
        return True

    async with run_queue(queue, work, at_once=1):
        queue.add("bad")
        queue.add("good")
        await asyncio.wait_for(healed.wait(), 5)
    assert seen == ["bad", "good", "bad"]


async def test_failed_request_keeps_its_priority() -> None:
    """One error from Slack must not move a new request to the end of the backlog."""
    queue = ChangeQueue(max_backoff=0.01)
    seen: list[tuple[str, bool]] = []
    tried_again = asyncio.Event()

    async def work(request_id: str, live: bool) -> bool:
        seen.append((request_id, live))
        if seen.count((request_id, live)) == 2:
            tried_again.set()
        raise ValueError("trouble")

    async with run_queue(queue, work, at_once=1):
        queue.add("new")
        await asyncio.wait_for(tried_again.wait(), 5)
    assert seen == [("new", True), ("new", True)]


async def test_only_the_backlog_waits_for_capacity() -> None:
    """Otherwise messages of the backlog would wait in Slack's send queue instead."""
    queue, worker, room = ChangeQueue(), Worker(), False
    worker.go.set()
    queue.open()
    task = asyncio.create_task(queue.run(worker, has_capacity=lambda live: live or room))
    queue.add("old", high_priority=False)
    queue.add("new")
    assert await worker.saw(1) == ["new"]
    room = True
    queue.add("newer")
    assert await worker.saw(3) == ["new", "newer", "old"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_drain_waits_for_work_in_flight_and_starts_no_more() -> None:
    """It happens at a graceful shutdown."""
    queue, worker = ChangeQueue(), Worker()
    async with run_queue(queue, worker, at_once=1):
        queue.add("a")
        queue.add("b")
        await worker.saw(1)
        finishing = asyncio.create_task(queue.finish())
        await asyncio.sleep(0)
        assert not finishing.done()
        worker.go.set()
        await finishing
        queue.add("c")
    assert worker.seen == ["a"]


async def test_closed_queue_accepts_no_work() -> None:
    """Another replica is the leader then."""
    queue = ChangeQueue()
    queue.add("a")
    assert len(queue) == 0


async def test_messages_that_fail_together_count_once() -> None:
    """A request with many recipients is retried as soon as one with few."""
    queue = ChangeQueue()
    queue.open()
    with structlog.testing.capture_logs() as logged:
        for _ in range(8):
            queue.retry("a", TimeoutError(), high_priority=True)
        queue.add("a")
        queue.retry("a", TimeoutError(), high_priority=True)
    warned = [event["failure_count"] for event in logged if event["log_level"] == "warning"]
    assert warned == [1, 2]
    queue.close()


async def test_unexpected_error_is_logged_with_its_traceback() -> None:
    """Errors from Slack or Teleport are logged without one."""
    queue = ChangeQueue()
    queue.open()
    with structlog.testing.capture_logs() as logged:
        queue.retry("a", TimeoutError(), high_priority=True)
        queue.retry("a", KeyError("ours"), high_priority=True)
    assert [event["log_level"] for event in logged] == ["warning", "error"]
    assert ["exc_info" in event for event in logged] == [False, True]
    queue.close()


def slack_error_of(code: str) -> SlackApiError:
    return slack_error({"error": code})


OF_ONE = [
    slack_error_of("user_not_found"),
    slack_error_of("channel_not_found"),
    slack_error_of("invalid_blocks"),
    OverflowError("date value out of range"),
    InvalidArgument("plugin data size limit exceeded"),
    TimeoutError("perhaps only for this one"),
    Unreachable("perhaps only for this one"),
]
OF_ALL = [
    slack_error_of("token_revoked"),
    slack_error_of("missing_scope"),
    PermissionDenied("no verb"),
]


@asynccontextmanager
async def fail_all(long: float, **errors: Exception) -> AsyncIterator[ChangeQueue]:
    """Return a queue in which each of these IDs failed and no other ID was tried."""
    queue = ChangeQueue(long=long)
    queue.open()
    for request_id, error in errors.items():
        queue.retry(request_id, error, high_priority=True)
    yield queue
    queue.close()


@pytest.mark.parametrize("error", OF_ONE, ids=repr)
async def test_queue_warns_and_stays_ready_when_one_request_fails(
    error: Exception,
) -> None:
    async with fail_all(0.0, a=error) as queue:
        assert (queue.problem, queue.failing) == ("", 1)
        assert "what 1 access request is to show cannot be shown" in queue.warning


@pytest.mark.parametrize("error", OF_ONE[:5], ids=repr)
async def test_queue_stays_ready_when_requests_fail_independently(
    error: Exception,
) -> None:
    async with fail_all(0.0, a=error, b=error, c=error) as queue:
        assert queue.problem == ""
        assert "3 access requests" in queue.warning


@pytest.mark.parametrize("error", OF_ALL, ids=repr)
async def test_queue_is_not_ready_when_slack_rejects_the_bot(error: Exception) -> None:
    """A single failed request is enough evidence."""
    async with fail_all(0.0, a=error) as queue:
        assert "1 access request is" in queue.problem


@pytest.mark.parametrize("long", [0.0, 60.0])
async def test_queue_is_not_ready_after_a_long_outage(long: float) -> None:
    """Most outages are shorter and need no operator."""
    async with fail_all(long, a=TimeoutError(), b=Unreachable("no answer")) as queue:
        expected = "what 2 access requests are to show cannot be shown: Unreachable: no answer"
        assert queue.problem == queue.warning == (expected if long == 0 else "")


async def test_queue_is_ready_again_when_another_request_succeeds() -> None:
    """An attempt without actions proves nothing."""
    queue, troubles = ChangeQueue(long=0.0), []
    sent, seen = asyncio.Event(), asyncio.Event()

    async def work(request_id: str, _live: bool) -> bool:
        if request_id in {"a", "b"}:
            raise TimeoutError
        troubles.append(bool(queue.problem))
        if request_id == "last":
            seen.set()
        if request_id == "sent" and not sent.is_set():
            sent.set()
            return False
        return True

    async with run_queue(queue, work, at_once=1), asyncio.timeout(5):
        for request_id in ("a", "b", "nothing to do", "sent"):
            queue.add(request_id)
        await sent.wait()
        queue.add("sent")
        queue.add("last")
        await seen.wait()
    assert troubles == [True, True, True, False]

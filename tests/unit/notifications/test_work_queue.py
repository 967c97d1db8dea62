"""The work queue: priorities, deduplication, results, retries and failures."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import structlog
from slack_sdk.errors import SlackApiError

from notifications.workqueue.key import Key
from notifications.workqueue.reconcile_result import (
    AgainAfter,
    AgainAt,
    Done,
    Result,
    Retry,
    Started,
)
from notifications.workqueue.work_queue import Reconcile, WorkQueue
from teleport_client.errors import InvalidArgument, PermissionDenied, Unreachable
from tests.patience import PATIENCE_SECONDS
from tests.unit.commands.test_outcome import slack_error
from workspace.backoff import Backoff
from workspace.moment import utc_now


def key(name: str) -> Key:
    return Key("access_request", name)


@asynccontextmanager
async def run_queue(queue: WorkQueue, work: Reconcile, workers: int = 4) -> AsyncIterator[None]:
    queue.open()
    task = asyncio.create_task(queue.run(work, workers=workers))
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

    async def __call__(self, key: Key, high_priority: bool) -> Result:
        self.seen.append(key.name)
        self.high_priority.append(high_priority)
        self._news.set()
        await self.go.wait()
        return Done()

    async def saw(self, count: int) -> list[str]:
        while len(self.seen) < count:
            self._news.clear()
            await self._news.wait()
        return self.seen


async def test_high_priority_goes_before_the_backlog() -> None:
    """A new request doesn't wait for older requests."""
    queue, worker = WorkQueue(), Worker()
    async with run_queue(queue, worker, workers=1):
        for name in ("first", "old-1", "old-2"):
            queue.add(key(name), high_priority=False)
        await worker.saw(1)
        queue.add(key("new"))
        worker.go.set()
        assert await worker.saw(4) == ["first", "new", "old-1", "old-2"]
        assert worker.high_priority == [False, True, False, False]


async def test_duplicates_merge_and_a_change_during_work_requeues() -> None:
    """An ID never has two workers."""
    queue, worker = WorkQueue(), Worker()
    async with run_queue(queue, worker):
        queue.add(key("a"))
        await worker.saw(1)
        for _ in range(3):
            queue.add(key("a"))
        queue.add(key("b"))
        assert await worker.saw(2) == ["a", "b"]
        worker.go.set()
        assert await worker.saw(3) == ["a", "b", "a"]


async def test_failed_request_is_retried_and_blocks_no_other() -> None:
    queue = WorkQueue()
    seen: list[str] = []
    healed = asyncio.Event()

    async def work(key: Key, _high_priority: bool) -> Result:
        seen.append(key.name)
        if key.name == "bad" and seen.count("bad") == 1:
            raise ValueError("trouble")
        if key.name == "bad":
            healed.set()
        return Done()

    async with run_queue(queue, work, workers=1):
        queue.add(key("bad"))
        queue.add(key("good"))
        await asyncio.wait_for(healed.wait(), PATIENCE_SECONDS)
    assert seen == ["bad", "good", "bad"]


async def test_failed_request_keeps_its_priority() -> None:
    """One error from Slack must not move a new request to the end of the backlog."""
    queue = WorkQueue(backoff=Backoff(first=0.01, longest=0.01))
    seen: list[tuple[str, bool]] = []
    tried_again = asyncio.Event()

    async def work(key: Key, high_priority: bool) -> Result:
        seen.append((key.name, high_priority))
        if len(seen) == 2:
            tried_again.set()
        return Retry(ValueError("trouble"))

    async with run_queue(queue, work, workers=1):
        queue.add(key("new"))
        await asyncio.wait_for(tried_again.wait(), PATIENCE_SECONDS)
    assert seen == [("new", True), ("new", True)]


async def test_only_the_backlog_waits_for_capacity() -> None:
    """Otherwise messages of the backlog would wait in Slack's send queue instead."""
    queue, worker, room = WorkQueue(), Worker(), False
    worker.go.set()
    queue.open()
    task = asyncio.create_task(queue.run(worker, has_capacity=lambda high: high or room))
    queue.add(key("old"), high_priority=False)
    queue.add(key("new"))
    assert await worker.saw(1) == ["new"]
    room = True
    queue.add(key("newer"))
    assert await worker.saw(3) == ["new", "newer", "old"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("again", ["after", "at", "started"])
async def test_result_decides_when_a_key_returns(again: str) -> None:
    """After `Started`, a moment that an earlier result set stays valid."""
    soon = AgainAt(utc_now() + timedelta(seconds=0.05), high_priority=True)
    cases: dict[str, list[Result]] = {
        "after": [AgainAfter(0.05), Done()],
        "at": [soon, Done()],
        "started": [soon, Started(), Done()],
    }
    results = cases[again]
    queue, seen, ended = WorkQueue(), 0, asyncio.Event()

    async def work(key: Key, _high_priority: bool) -> Result:
        nonlocal seen
        seen += 1
        if again == "started" and seen == 1:
            queue.add(key)
        if seen == len(results):
            ended.set()
        return results[seen - 1]

    async with run_queue(queue, work), asyncio.timeout(PATIENCE_SECONDS):
        queue.add(key("a"))
        await ended.wait()


async def test_done_removes_the_moment_of_an_earlier_result() -> None:
    queue, worker = WorkQueue(), Worker()
    worker.go.set()
    async with run_queue(queue, worker), asyncio.timeout(PATIENCE_SECONDS):
        queue.add_at(key("a"), utc_now() + timedelta(seconds=0.05))
        queue.add(key("a"))
        await worker.saw(1)
        queue.add_after(key("later"), 0.1)
        assert await worker.saw(2) == ["a", "later"]


async def test_add_ends_a_delay() -> None:
    """The reconciliation that follows decides about the next one."""
    queue, worker = WorkQueue(), Worker()
    worker.go.set()
    async with run_queue(queue, worker), asyncio.timeout(PATIENCE_SECONDS):
        queue.add_after(key("a"), 0.05)
        queue.add(key("a"))
        queue.add_after(key("later"), 0.1)
        assert await worker.saw(2) == ["a", "later"]


async def test_drain_waits_for_work_in_flight_and_starts_no_more() -> None:
    """It happens at a graceful shutdown."""
    queue, worker = WorkQueue(), Worker()
    async with run_queue(queue, worker, workers=1):
        queue.add(key("a"))
        queue.add(key("b"))
        await worker.saw(1)
        finishing = asyncio.create_task(queue.finish())
        await asyncio.sleep(0)
        assert not finishing.done()
        worker.go.set()
        await finishing
        queue.add(key("c"))
    assert worker.seen == ["a"]


async def test_closed_queue_accepts_no_work() -> None:
    """Another replica is the leader then."""
    queue = WorkQueue()
    queue.add(key("a"))
    assert len(queue) == 0


async def test_messages_that_fail_together_count_once() -> None:
    """A request with many recipients is retried as soon as one with few."""
    queue = WorkQueue()
    queue.open()
    with structlog.testing.capture_logs() as logged:
        for _ in range(8):
            queue.retry(key("a"), TimeoutError(), high_priority=True)
        queue.add(key("a"))
        queue.retry(key("a"), TimeoutError(), high_priority=True)
    warned = [event["failure_count"] for event in logged if event["log_level"] == "warning"]
    assert warned == [1, 2]
    queue.close()


async def test_unexpected_error_is_logged_with_its_traceback() -> None:
    """Errors from Slack or Teleport are logged without one."""
    queue = WorkQueue()
    queue.open()
    with structlog.testing.capture_logs() as logged:
        queue.retry(key("a"), TimeoutError(), high_priority=True)
        queue.retry(key("a"), KeyError("ours"), high_priority=True)
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
async def fail_all(long: float, **errors: Exception) -> AsyncIterator[WorkQueue]:
    """Return a queue in which each of these IDs failed and no other ID was tried."""
    queue = WorkQueue(noun="access request", problem_after=long)
    queue.open()
    for request_id, error in errors.items():
        queue.retry(key(request_id), error, high_priority=True)
    yield queue
    queue.close()


@pytest.mark.parametrize("error", OF_ONE, ids=repr)
async def test_queue_warns_and_stays_ready_when_one_request_fails(
    error: Exception,
) -> None:
    async with fail_all(0.0, a=error) as queue:
        assert (queue.failures.problem, len(queue.failures)) == ("", 1)
        assert "1 access request can't be shown" in queue.failures.warning


@pytest.mark.parametrize("error", OF_ONE[:5], ids=repr)
async def test_queue_stays_ready_when_requests_fail_independently(
    error: Exception,
) -> None:
    async with fail_all(0.0, a=error, b=error, c=error) as queue:
        assert queue.failures.problem == ""
        assert "3 access requests" in queue.failures.warning


@pytest.mark.parametrize("error", OF_ALL, ids=repr)
async def test_queue_is_not_ready_when_slack_rejects_the_bot(error: Exception) -> None:
    """A single failed request is enough evidence."""
    async with fail_all(0.0, a=error) as queue:
        assert "1 access request can't" in queue.failures.problem


@pytest.mark.parametrize("long", [0.0, 60.0])
async def test_queue_is_not_ready_after_a_long_outage(long: float) -> None:
    """Most outages are shorter and need no operator."""
    async with fail_all(long, a=TimeoutError(), b=Unreachable("no answer")) as queue:
        expected = "2 access requests can't be shown: Unreachable: no answer"
        assert queue.failures.problem == queue.failures.warning == (expected if long == 0 else "")


async def test_queue_is_ready_again_when_another_request_succeeds() -> None:
    """An attempt without actions proves nothing."""
    queue, problems = WorkQueue(problem_after=0.0), []
    sent, seen = asyncio.Event(), asyncio.Event()

    async def work(key: Key, _high_priority: bool) -> Result:
        if key.name in {"a", "b"}:
            raise TimeoutError
        problems.append(bool(queue.failures.problem))
        if key.name == "last":
            seen.set()
        if key.name == "sent" and not sent.is_set():
            sent.set()
            return Started()
        return Done()

    async with run_queue(queue, work, workers=1), asyncio.timeout(PATIENCE_SECONDS):
        for request_id in ("a", "b", "nothing to do", "sent"):
            queue.add(key(request_id))
        await sent.wait()
        queue.add(key("sent"))
        queue.add(key("last"))
        await seen.wait()
    assert problems == [True, True, True, False]


async def test_key_with_a_delay_keeps_its_first_one() -> None:
    """A closed queue accepts no delays."""
    queue, worker = WorkQueue(), Worker()
    worker.go.set()
    queue.add_after(key("too early"), 0)
    async with run_queue(queue, worker):
        queue.add_after(key("a"), 0)
        queue.add_after(key("a"), 3600)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await worker.saw(1) == ["a"]


async def test_failure_of_another_kind_is_logged_with_its_kind_and_name() -> None:
    failed = asyncio.Event()

    async def fail(_key: Key, _high: bool) -> Result:
        failed.set()
        return Retry(Unreachable("gone"))

    queue = WorkQueue()
    with structlog.testing.capture_logs() as logs:
        async with run_queue(queue, fail):
            queue.add(Key("role", "staging"))
            await failed.wait()
            await queue.finish()
    assert (logs[0]["kind"], logs[0]["name"]) == ("role", "staging")

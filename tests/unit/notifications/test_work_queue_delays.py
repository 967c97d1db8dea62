"""Keys of the work queue that come back later, with the priority that they had."""

import asyncio

import pytest
import structlog

from notifications.workqueue.reconcile_result import Result, Started
from notifications.workqueue.work_queue import WorkQueue
from teleport_client.errors import Unreachable
from tests.patience import PATIENCE_SECONDS
from tests.unit.commands.test_outcome import slack_error
from tests.unit.notifications.test_work_queue import Worker, key, run_queue
from workspace.backoff import Backoff
from workspace.moment import utc_now

SOON = Backoff(first=0.01, longest=0.01)


async def test_finish_of_an_idle_queue_returns() -> None:
    queue = WorkQueue()
    queue.open()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await queue.finish()


async def test_length_counts_waiting_processed_and_delayed_keys() -> None:
    queue, worker = WorkQueue(), Worker()
    async with run_queue(queue, worker, workers=1):
        for name in ("a", "b", "c"):
            queue.add(key(name))
        queue.add_after(key("d"), 60)
        await worker.saw(1)
        assert (len(queue), queue.processing) == (4, 1)
        worker.go.set()
        await worker.saw(3)
    assert queue.processing == 0


@pytest.mark.parametrize(
    ("added", "high"), [((True, False), True), ((False, True), True), ((False, False), False)]
)
async def test_key_added_during_its_work_returns_with_the_higher_priority(
    added: tuple[bool, ...], high: bool
) -> None:
    queue, worker = WorkQueue(), Worker()
    async with run_queue(queue, worker):
        queue.add(key("a"), high_priority=False)
        await worker.saw(1)
        for each in added:
            queue.add(key("a"), high_priority=each)
        worker.go.set()
        await worker.saw(2)
    assert worker.high_priority == [False, high]


async def test_first_delay_of_a_key_counts_and_ends_with_low_priority() -> None:
    queue, worker = WorkQueue(), Worker()
    worker.go.set()
    async with run_queue(queue, worker), asyncio.timeout(PATIENCE_SECONDS):
        queue.add_after(key("a"), 0.01)
        queue.add_after(key("a"), 60)
        queue.add_at(key("b"), utc_now())
        assert sorted(await worker.saw(2)) == ["a", "b"]
    assert worker.high_priority == [False, False]


async def test_closed_queue_keeps_no_delays_and_no_failures() -> None:
    queue = WorkQueue()
    queue.add_after(key("a"), 0)
    queue.add_at(key("b"), utc_now())
    queue.retry(key("c"), TimeoutError(), high_priority=True)
    assert (len(queue), len(queue.failures)) == (0, 0)


async def test_retry_of_the_backlog_keeps_the_priority_of_an_earlier_retry() -> None:
    queue, worker = WorkQueue(backoff=SOON), Worker()
    async with run_queue(queue, worker), asyncio.timeout(PATIENCE_SECONDS):
        queue.retry(key("a"), TimeoutError(), high_priority=True)
        queue.retry(key("a"), TimeoutError(), high_priority=False)
        await worker.saw(1)
    assert worker.high_priority == [True]


@pytest.mark.parametrize(
    ("error", "pause"),
    [(slack_error({"error": "ratelimited"}), 30.0), (Unreachable("no answer"), 0.5)],
)
async def test_retry_waits_for_the_longer_of_backoff_and_retry_after(
    error: Exception, pause: float
) -> None:
    queue = WorkQueue(backoff=Backoff(first=0.5, longest=0.5, jitter=0))
    queue.open()
    with structlog.testing.capture_logs() as logged:
        queue.retry(key("a"), error, high_priority=True)
    assert [each["retry_in_seconds"] for each in logged] == [pause]
    queue.close()


async def test_failure_asks_for_capacity_again() -> None:
    """A message that failed leaves the outbox, so the backlog may go on."""
    queue, room = WorkQueue(backoff=Backoff(first=60, longest=60)), False
    processed = asyncio.Event()

    async def work(_key: object, _high: bool) -> Result:
        processed.set()
        return Started()

    queue.open()
    task = asyncio.create_task(queue.run(work, has_capacity=lambda _high: room))
    queue.add(key("old"), high_priority=False)
    for _ in range(3):
        await asyncio.sleep(0)
    room = True
    queue.retry(key("other"), TimeoutError(), high_priority=True)
    await asyncio.wait_for(processed.wait(), PATIENCE_SECONDS)
    queue.close()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

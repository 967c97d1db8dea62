"""Ids that want attention."""

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
async def working(queue: ChangeQueue, work: Reconcile, at_once: int = 4) -> AsyncIterator[None]:
    queue.open()
    task = asyncio.create_task(queue.run(work, at_once=at_once))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Worker:
    """Notes what it works on, and goes on when told to."""

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


async def test_what_is_live_goes_before_the_backlog() -> None:
    """A request made now does not wait for those of before."""
    queue, worker = ChangeQueue(), Worker()
    async with working(queue, worker, at_once=1):
        for name in ("first", "old-1", "old-2"):
            queue.add(name, high_priority=False)
        await worker.saw(1)
        queue.add("new")
        worker.go.set()
        assert await worker.saw(4) == ["first", "new", "old-1", "old-2"]
        assert worker.high_priority == [False, True, False, False]


async def test_duplicates_fold_and_a_change_during_work_is_looked_at_again() -> None:
    """However many there were; and never two workers on one id."""
    queue, worker = ChangeQueue(), Worker()
    async with working(queue, worker):
        queue.add("a")
        await worker.saw(1)
        for _ in range(3):
            queue.add("a")
        queue.add("b")
        assert await worker.saw(2) == ["a", "b"]
        worker.go.set()
        assert await worker.saw(3) == ["a", "b", "a"]


async def test_one_failure_holds_up_nobody_and_comes_back() -> None:
    """After a pause, until it succeeds."""
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

    async with working(queue, work, at_once=1):
        queue.add("bad")
        queue.add("good")
        await asyncio.wait_for(healed.wait(), 5)
    assert seen == ["bad", "good", "bad"]


async def test_what_fails_comes_back_as_live_as_it_was() -> None:
    """A request made now is not sent to the end of a backlog by one refusal of Slack's."""
    queue = ChangeQueue(max_backoff=0.01)
    seen: list[tuple[str, bool]] = []
    tried_again = asyncio.Event()

    async def work(request_id: str, live: bool) -> bool:
        seen.append((request_id, live))
        if seen.count((request_id, live)) == 2:
            tried_again.set()
        raise ValueError("trouble")

    async with working(queue, work, at_once=1):
        queue.add("new")
        await asyncio.wait_for(tried_again.wait(), 5)
    assert seen == [("new", True), ("new", True)]


async def test_the_backlog_waits_for_room_and_what_is_live_does_not() -> None:
    """Messages of the backlog would only wait in Slack's line instead."""
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


async def test_finishing_waits_for_what_is_under_way_and_starts_nothing_more() -> None:
    """As when the process is asked to stop."""
    queue, worker = ChangeQueue(), Worker()
    async with working(queue, worker, at_once=1):
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


async def test_a_closed_queue_takes_nothing() -> None:
    """Another replica notifies then."""
    queue = ChangeQueue()
    queue.add("a")
    assert len(queue) == 0


async def test_messages_that_fail_together_are_one_failure() -> None:
    """A request with many recipients comes back as soon as one with few."""
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


async def test_a_mistake_of_ours_is_logged_with_its_traceback() -> None:
    """What Slack or Teleport caused is not."""
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
async def failing(long: float, **errors: Exception) -> AsyncIterator[ChangeQueue]:
    """A queue for which each of these ids failed, and nothing else was tried."""
    queue = ChangeQueue(long=long)
    queue.open()
    for request_id, error in errors.items():
        queue.retry(request_id, error, high_priority=True)
    yield queue
    queue.close()


@pytest.mark.parametrize("error", OF_ONE, ids=repr)
async def test_queue_warns_and_stays_ready_when_one_request_fails_for_long(
    error: Exception,
) -> None:
    async with failing(0.0, a=error) as queue:
        assert (queue.problem, queue.failing) == ("", 1)
        assert "what 1 access request is to show cannot be shown" in queue.warning


@pytest.mark.parametrize("error", OF_ONE[:5], ids=repr)
async def test_queue_stays_ready_when_several_requests_fail_each_by_themselves(
    error: Exception,
) -> None:
    async with failing(0.0, a=error, b=error, c=error) as queue:
        assert queue.problem == ""
        assert "3 access requests" in queue.warning


@pytest.mark.parametrize("error", OF_ALL, ids=repr)
async def test_queue_is_not_ready_when_the_bot_itself_is_refused(error: Exception) -> None:
    """One request is enough to know."""
    async with failing(0.0, a=error) as queue:
        assert "1 access request is" in queue.problem


@pytest.mark.parametrize("long", [0.0, 60.0])
async def test_queue_is_not_ready_when_nothing_is_answered_for_long(long: float) -> None:
    """Not at once: most outages pass before an operator needs to know."""
    async with failing(long, a=TimeoutError(), b=Unreachable("no answer")) as queue:
        said = "what 2 access requests are to show cannot be shown: Unreachable: no answer"
        assert queue.problem == queue.warning == (said if long == 0 else "")


async def test_queue_is_ready_again_when_another_request_succeeds() -> None:
    """What was tried and found nothing to do proves nothing."""
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

    async with working(queue, work, at_once=1), asyncio.timeout(5):
        for request_id in ("a", "b", "nothing to do", "sent"):
            queue.add(request_id)
        await sent.wait()
        queue.add("sent")
        queue.add("last")
        await seen.wait()
    assert troubles == [True, True, True, False]

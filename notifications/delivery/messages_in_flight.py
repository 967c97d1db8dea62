"""Messages in flight: started, waiting in the outbox or sent, and not yet recorded.

A message can wait in the outbox for minutes, so no reconciler waits for it. Each message runs as a
task of its own:

1. A plan starts the task. The slot is occupied until the task ends, so no other plan starts it.
2. When the task ends, its result is noted in the ledger at once, without a write.
3. One write then stores the results of all messages of the request that end close together: after
   the last one, and at most `record_within` seconds after the first one. It also waits until a plan
   has started all of its messages (`starting`), since more results follow.
4. After the write, the request returns to the queue: a result can require a next message.

Each waiting message is rendered when it is sent, from the model that the newest plan has set. An
error in a message or its write makes the queue retry the request with backoff.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeAlias

from notifications.delivery.delivery_result import DeliveryResult
from notifications.records.ledger import Ledger, RequestGone
from workspace.card_model.record import CardModel

Sending: TypeAlias = Coroutine[Any, Any, DeliveryResult]

RECORD_WITHIN = 1.5
"""Seconds: a little more than the interval between two posts to one channel."""


class Requeue(Protocol):
    """The work queue, by request ID."""

    def add(self, request_id: str, *, high_priority: bool = True) -> None: ...

    def retry(self, request_id: str, error: Exception, *, high_priority: bool) -> None: ...


class InFlightMessages:
    def __init__(
        self,
        queue: Requeue,
        ledger: Ledger,
        *,
        refresh: Callable[[str], Awaitable[object]],
        record_within: float = RECORD_WITHIN,
    ) -> None:
        self._refresh = refresh
        self._queue = queue
        self._ledger = ledger
        self._record_within = record_within
        self._tasks: dict[str, dict[str, asyncio.Task[None]]] = {}
        """By request and slot."""
        self._writes: dict[str, asyncio.Task[None]] = {}
        """Writes of results, by request."""
        self._failures: dict[str, Exception] = {}
        """First errors of messages, by request, until the results are written."""
        self._starting: dict[str, asyncio.Event] = {}
        """Set when a plan has started all of its messages, by request."""
        self._models: dict[str, CardModel] = {}

    def slots(self, request_id: str) -> Collection[str]:
        """Return the slots that no other message may be started for."""
        return self._tasks.get(request_id, {}).keys()

    def recording(self, request_id: str) -> bool:
        """Return whether results of a request are about to be written."""
        return request_id in self._writes

    def set_model(self, request_id: str, card_model: CardModel) -> None:
        """Set the model of all messages of a request that aren't rendered yet."""
        self._models[request_id] = card_model

    def model(self, request_id: str) -> CardModel:
        return self._models[request_id]

    def forget(self, request_id: str) -> None:
        """Drop the model of a request without messages in flight."""
        self._models.pop(request_id, None)

    @contextmanager
    def starting(self, request_id: str) -> Iterator[None]:
        """Delay writes of results while a plan starts messages: it writes their intents."""
        started = self._starting[request_id] = asyncio.Event()
        try:
            yield
        finally:
            del self._starting[request_id]
            started.set()

    def start(self, request_id: str, slot: str, sending: Sending, *, high_priority: bool) -> None:
        """Start a message. The queue retries the request with this priority if it fails."""
        task = asyncio.create_task(
            self._deliver(request_id, slot, sending, high_priority=high_priority)
        )
        self._tasks.setdefault(request_id, {})[slot] = task

    async def finish(self) -> None:
        """Wait for all messages and writes."""
        while tasks := self._all_tasks():
            await asyncio.wait(tasks)

    def cancel(self) -> None:
        """Stop waiting. The next leader recovers the messages whose intents are still open."""
        for task in self._all_tasks():
            task.cancel()

    def _all_tasks(self) -> list[asyncio.Task[None]]:
        sending = (task for slots in self._tasks.values() for task in slots.values())
        return [*sending, *self._writes.values()]

    async def _deliver(
        self, request_id: str, slot: str, sending: Sending, *, high_priority: bool
    ) -> None:
        try:
            result = await sending
        except Exception as error:  # noqa: BLE001 - any error makes the queue retry the request
            result = DeliveryResult(error=error)
        else:
            card_model = self.model(request_id)
            self._ledger.note(
                request_id, lambda entry: result.apply_to(entry).with_card_model(card_model)
            )
        finally:
            self._remove(request_id, slot)
        if result.error is not None:
            self._failures.setdefault(request_id, result.error)
        elif self.slots(request_id) or request_id in self._failures:
            self._queue.add(request_id)
        if request_id not in self._writes:
            task = asyncio.create_task(self._record(request_id, high_priority=high_priority))
            self._writes[request_id] = task

    async def _record(self, request_id: str, *, high_priority: bool) -> None:
        """Write the results, and return the request to the queue."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._record_within):
                    await self._wait_for_messages(request_id)
            await self._write(request_id)
        except Exception as error:  # noqa: BLE001 - any error makes the queue retry the request
            self._failures.setdefault(request_id, error)
        finally:
            del self._writes[request_id]
            failure = self._failures.pop(request_id, None)
        if failure is None:
            self._queue.add(request_id)
        else:
            self._queue.retry(request_id, failure, high_priority=high_priority)

    async def _wait_for_messages(self, request_id: str) -> None:
        while True:
            if started := self._starting.get(request_id):
                await started.wait()
            elif others := self._tasks.get(request_id):
                await asyncio.wait(others.values())
            else:
                break

    async def _write(self, request_id: str) -> None:
        try:
            await self._ledger.flush(request_id)
        except RequestGone:
            await self._refresh(request_id)

    def _remove(self, request_id: str, slot: str) -> None:
        slots = self._tasks[request_id]
        del slots[slot]
        if not slots:
            del self._tasks[request_id]

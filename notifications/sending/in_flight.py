"""Messages that are being sent: they wait for their turn in Slack, and nothing waits for them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeAlias

from notifications.records.ledger import Ledger, RequestGone
from notifications.sending.result import DeliveryResult
from workspace.card_model.record import CardModel

Sending: TypeAlias = Coroutine[Any, Any, DeliveryResult]

RECORD_WITHIN = 1.5
"""Seconds, a little more than a message waits for its turn in a channel that just got one."""


class Requeue(Protocol):
    """The work queue, by request ID."""

    def add(self, request_id: str, *, high_priority: bool = True) -> None: ...

    def retry(self, request_id: str, error: Exception, *, high_priority: bool) -> None: ...


class InFlightMessages:
    """Each is sent by itself, recorded when Slack has it, and its request looked at again.

    Messages of one request that end close together are recorded by one write: when the last has
    ended, and no later than `record_within` seconds after the first.
    """

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
        self._records: dict[str, asyncio.Task[None]] = {}
        """Writes of outcomes, by request."""
        self._failures: dict[str, Exception] = {}
        """Why a message has to be tried again, by request, until its outcome is recorded."""
        self._beginning: dict[str, asyncio.Event] = {}
        """Set once all messages of a pass are begun, by request."""
        self._showing: dict[str, CardModel] = {}

    def slots(self, request_id: str) -> Collection[str]:
        """Of messages of a request that nothing else may be begun for now."""
        return self._tasks.get(request_id, {}).keys()

    def recording(self, request_id: str) -> bool:
        """Whether the outcomes of messages of a request are about to be recorded."""
        return request_id in self._records

    def set_model(self, request_id: str, card_model: CardModel) -> None:
        """Let what waits for its turn, or comes later, be drawn from this."""
        self._showing[request_id] = card_model

    def model(self, request_id: str) -> CardModel:
        return self._showing[request_id]

    def forget(self, request_id: str) -> None:
        """Let go of what a request with nothing under way was to show."""
        self._showing.pop(request_id, None)

    @contextmanager
    def beginning(self, request_id: str) -> Iterator[None]:
        """Wait with a record until all is begun, since more is to be written with it."""
        begun = self._beginning[request_id] = asyncio.Event()
        try:
            yield
        finally:
            del self._beginning[request_id]
            begun.set()

    def start(self, request_id: str, slot: str, sending: Sending, *, high_priority: bool) -> None:
        """Go on without waiting; `live` is how urgent it is again if it comes to nothing."""
        task = asyncio.create_task(
            self._deliver(request_id, slot, sending, high_priority=high_priority)
        )
        self._tasks.setdefault(request_id, {})[slot] = task

    async def finish(self) -> None:
        """Wait for all, and for their record."""
        while tasks := self._every_task():
            await asyncio.wait(tasks)

    def cancel(self) -> None:
        """Wait no longer: what is not on record by now is found out by the next holder."""
        for task in self._every_task():
            task.cancel()

    def _every_task(self) -> list[asyncio.Task[None]]:
        sending = (task for slots in self._tasks.values() for task in slots.values())
        return [*sending, *self._records.values()]

    async def _deliver(
        self, request_id: str, slot: str, sending: Sending, *, high_priority: bool
    ) -> None:
        try:
            result = await sending
        except Exception as error:  # noqa: BLE001 - whatever it is, the request is tried again
            result = DeliveryResult(error=error)
        else:
            card_model = self.model(request_id)
            self._ledger.note(
                request_id, lambda entry: result.apply_to(entry).with_card_model(card_model)
            )
        finally:
            self._ended(request_id, slot)
        if result.error is not None:
            self._failures[request_id] = result.error
        elif self.slots(request_id) or request_id in self._failures:
            self._queue.add(request_id)
        if request_id not in self._records:
            task = asyncio.create_task(self._record(request_id, high_priority=high_priority))
            self._records[request_id] = task

    async def _record(self, request_id: str, *, high_priority: bool) -> None:
        """Write what has ended, and then have the request looked at again."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._record_within):
                    await self._all_ended(request_id)
            await self._write(request_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the request is tried again
            self._failures.setdefault(request_id, error)
        finally:
            del self._records[request_id]
            failure = self._failures.pop(request_id, None)
        if failure is None:
            self._queue.add(request_id)
        else:
            self._queue.retry(request_id, failure, high_priority=high_priority)

    async def _all_ended(self, request_id: str) -> None:
        while True:
            if begun := self._beginning.get(request_id):
                await begun.wait()
            elif others := self._tasks.get(request_id):
                await asyncio.wait(others.values())
            else:
                break

    async def _write(self, request_id: str) -> None:
        try:
            await self._ledger.flush(request_id)
        except RequestGone:
            await self._refresh(request_id)

    def _ended(self, request_id: str, slot: str) -> None:
        slots = self._tasks[request_id]
        del slots[slot]
        if not slots:
            del self._tasks[request_id]

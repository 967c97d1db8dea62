"""Messages that are being sent: they wait for their turn in Slack, and nothing waits for them."""

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any, TypeAlias

from notifications.delivery import Outcome
from notifications.ledger import Ledger, RequestGone
from notifications.mirror import Mirror
from notifications.queue import ChangeQueue
from workspace.views.card import CardFace

Sending: TypeAlias = Coroutine[Any, Any, Outcome]


class UnderWay:
    """Each by itself: sent, recorded as soon as Slack has it, and its request looked at again."""

    def __init__(self, mirror: Mirror, queue: ChangeQueue, ledger: Ledger) -> None:
        self._mirror = mirror
        self._queue = queue
        self._ledger = ledger
        self._tasks: dict[str, dict[str, asyncio.Task[None]]] = {}
        """By request and slot."""
        self._showing: dict[str, CardFace] = {}

    def slots(self, request_id: str) -> Collection[str]:
        """Of messages of a request that nothing else may be begun for now."""
        return self._tasks.get(request_id, {}).keys()

    def show(self, request_id: str, face: CardFace) -> None:
        """Let what waits for its turn, or comes later, be drawn from this."""
        self._showing[request_id] = face

    def shown(self, request_id: str) -> CardFace:
        return self._showing[request_id]

    def forget(self, request_id: str) -> None:
        """Let go of what a request with nothing under way was to show."""
        self._showing.pop(request_id, None)

    def begin(self, request_id: str, slot: str, sending: Sending, *, live: bool) -> None:
        """Go on without waiting; `live` is how urgent it is again if it comes to nothing."""
        task = asyncio.create_task(self._deliver(request_id, slot, sending, live=live))
        self._tasks.setdefault(request_id, {})[slot] = task

    async def finish(self) -> None:
        """Wait for all, and for their record."""
        while tasks := [task for slots in self._tasks.values() for task in slots.values()]:
            await asyncio.wait(tasks)

    def give_up(self) -> None:
        """Wait no longer: what is not on record by now is found out by the next holder."""
        for slots in self._tasks.values():
            for task in slots.values():
                task.cancel()

    async def _deliver(self, request_id: str, slot: str, sending: Sending, *, live: bool) -> None:
        failure: Exception | None = None
        try:
            outcome = await sending
            failure = outcome.error
            await self._record(request_id, outcome)
        except Exception as error:  # noqa: BLE001 - whatever it is, the request is tried again
            failure = failure or error
        finally:
            self._ended(request_id, slot)
        if failure is None:
            self._queue.add(request_id)
        else:
            self._queue.retry(request_id, failure, live=live)

    async def _record(self, request_id: str, outcome: Outcome) -> None:
        face = self.shown(request_id)
        try:
            await self._ledger.record(
                request_id, lambda entry: outcome.noted_in(entry).with_face(face)
            )
        except RequestGone:
            await self._mirror.confirm(request_id)

    def _ended(self, request_id: str, slot: str) -> None:
        slots = self._tasks[request_id]
        del slots[slot]
        if not slots:
            del self._tasks[request_id]

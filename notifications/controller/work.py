"""A kind of work: objects that a reconciler works on, with a queue and an outbox of its own.

`requires_lease` corresponds to controller-runtime's NeedLeaderElection. Work that requires the
lease runs on the leader only, because two replicas would send the same message twice. Other work
runs on every replica from the start. For example, a replica publishes App Home after it receives
the event of an opened tab. Its outbox has no lease fence, and yields to the leader's cards.

A new kind of work is a class like `ObjectWork`, or an instance of it, that `bot/compose.py` passes
to the controller; it needs no loop of its own.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from notifications.controller.draining import draining
from notifications.following.follower import Follower
from notifications.workqueue.priorities import HasCapacity
from notifications.workqueue.work_queue import Reconcile, WorkQueue
from workspace.sending.outbox import Outbox


class Work(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def requires_lease(self) -> bool: ...

    async def prepare(self) -> None:
        """Load the state that the work needs. Raises TeleportError."""

    async def run(self) -> None:
        """Reconcile until cancelled. Raises TeleportError to be started again."""

    async def finish(self) -> None:
        """Start nothing more, and wait for everything that was started."""

    def cancel(self) -> None:
        """Stop waiting in `finish`."""


class ObjectWork:
    """Work that reconciles each object on its own.

    The queue gets the keys of followed objects. Other code can add keys of other objects, such as
    users with an open App Home.
    """

    def __init__(
        self,
        name: str,
        reconcile: Reconcile,
        *,
        followers: Sequence[Follower[Any]],
        queue: WorkQueue,
        outbox: Outbox,
        requires_lease: bool,
        has_capacity: HasCapacity = lambda _high: True,
    ) -> None:
        self.name = name
        self.requires_lease = requires_lease
        self._reconcile = reconcile
        self._followers = followers
        self._queue = queue
        self._outbox = outbox
        self._has_capacity = has_capacity
        for follower in followers:
            follower.on_change(queue.add)

    async def prepare(self) -> None:
        """Nothing: the objects are already in the cache."""

    async def run(self) -> None:
        self._queue.open()
        async with draining(self._queue, self._outbox), asyncio.TaskGroup() as parts:
            parts.create_task(self._queue.run(self._reconcile, has_capacity=self._has_capacity))
            for follower in self._followers:
                parts.create_task(self._enqueue_all(follower))

    async def finish(self) -> None:
        """Send the messages in flight. Objects with queued messages are reconciled later."""
        self._queue.close()
        self._outbox.stop()
        await self._queue.finish()

    def cancel(self) -> None:
        """Nothing: cancelling `run` cancels the workers."""

    async def _enqueue_all(self, follower: Follower[Any]) -> None:
        """Wait for this follower only: the bot's role may not allow the other kinds."""
        await follower.synced.wait()
        for key in follower.all_keys():
            self._queue.add(key, high_priority=False)

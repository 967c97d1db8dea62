"""The work on access requests: posts and updates their messages while this replica leads."""

import asyncio
from collections.abc import Iterable

import structlog

from notifications.controller.draining import draining
from notifications.delivery.service_messages import ServiceMessages
from notifications.following.follower import Follower
from notifications.locks.request_locks import RequestLocks
from notifications.requests.reconciler import RequestReconciler
from notifications.requests.request_queue import RequestQueue
from notifications.requests.takeover import Takeover
from notifications.routing.recipients_by_role import Recipients
from notifications.routing.unreachable_recipients import UnreachableRecipients
from notifications.workqueue.work_queue import MAX_WORKERS, WorkQueue
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import AccessRequest
from workspace.sending.outbox import Outbox

MAX_WAITING = 5_000
"""Messages in the outbox; each takes about 4 kB of memory."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class RequestWork:
    """Implements `notifications.controller.work.Work`."""

    name = "access_requests"
    requires_lease = True

    def __init__(
        self,
        *,
        requests: Follower[AccessRequest],
        queue: WorkQueue,
        reconciler: RequestReconciler,
        takeover: Takeover,
        recipients: Recipients,
        unreachable: UnreachableRecipients,
        outbox: Outbox,
        locks: RequestLocks,
    ) -> None:
        self.requests = requests
        self.queue = queue
        self.by_id = RequestQueue(queue)
        self.outbox = outbox
        self.unreachable = unreachable
        self._reconciler = reconciler
        self._takeover = takeover
        self._recipients = recipients
        self._locks = locks
        self._skipped: Iterable[AccessRequest] = ()
        self._reading: set[asyncio.Task[None]] = set()
        requests.on_change(queue.add)
        locks.on_change(self.by_id.add)

    async def prepare(self) -> None:
        self._skipped = await self._takeover.load()

    async def run(self) -> None:
        self.queue.open()
        self._takeover.enqueue_all()
        service_messages = ServiceMessages(self.outbox, self._recipients, self.unreachable)
        async with (
            draining(self.queue, self.outbox, self._reconciler.finish),
            asyncio.TaskGroup() as parts,
        ):
            parts.create_task(
                self.queue.run(self._reconciler.reconcile, has_capacity=self._has_capacity)
            )
            parts.create_task(self._recipients.check())
            parts.create_task(service_messages.report_unreachable())
            parts.create_task(self._enqueue_recorded_locks())
            parts.create_task(service_messages.post_backlog_summary(self._skipped))

    async def finish(self) -> None:
        """Send and record the messages in flight. The next leader finds all others on record."""
        await self.queue.finish()
        self.outbox.stop()
        await self._reconciler.finish()

    def cancel(self) -> None:
        self._reconciler.cancel()

    def changed(self, request_id: str) -> None:
        """Read a request that `commands` changed, unless the open watch reports the change."""
        if self.requests.watching:
            return
        task = asyncio.create_task(self._read(request_id))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    def enqueue_pending(self) -> None:
        """Plan all pending requests again, because the review policy has changed."""
        for request in self.requests.objects():
            if request.pending:
                self.by_id.add(request.id, high_priority=False)

    async def _enqueue_recorded_locks(self) -> None:
        """Plan requests with a recorded lock, which may have been removed before the first list."""
        await self._locks.known.wait()
        for request_id in self._takeover.recorded_locks():
            self.by_id.add(request_id, high_priority=False)

    async def _read(self, request_id: str) -> None:
        try:
            await self.requests.refresh(request_id)
        except TeleportError as error:
            log.info("changed_request_read_failed", request_id=request_id, error=str(error))
        else:
            self.by_id.add(request_id)

    def _has_capacity(self, high_priority: bool) -> bool:
        """Return whether the outbox should get more messages.

        Of the backlog, it gets just enough cards to keep Slack busy: a later request with high
        priority can overtake requests in the queue, but not cards in the outbox.
        """
        busy = self.outbox.backlog_waiting + self.queue.processing >= MAX_WORKERS
        if busy and not high_priority:
            return False
        return self.outbox.waiting < MAX_WAITING

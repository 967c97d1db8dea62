"""The controller: Teleport's state in, the difference to what Slack shows out."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from notifications.controller.expiry_timers import ExpiryTimers
from notifications.controller.lease import Leadership
from notifications.controller.mirror import Mirror
from notifications.controller.queue import MAX_WORKERS, ChangeQueue
from notifications.controller.reconciler import Reconciler
from notifications.controller.user_rate_limit import within_limit
from notifications.plan import PlanContext, announced, passed_over
from notifications.records.ledger import Ledger
from notifications.routing.recipients import Recipients
from notifications.sending.service_messages import ServiceMessages
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import AccessRequest
from workspace.directory.host_names import HostNames
from workspace.sending.outbox import Outbox

RECENT = timedelta(minutes=1)
_MOST_RECENT = 60
"""Cards that a channel takes in that time."""
MOST_WAITING = 5_000
"""Messages; each takes about 4 kB of memory."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Controller:
    """Follows Teleport always, and tells Slack while this replica holds the lease."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        queue: ChangeQueue,
        ledger: Ledger,
        reconciler: Reconciler,
        recipients: Recipients,
        expiry_timers: ExpiryTimers,
        outbox: Outbox,
        leadership: Leadership,
        host_names: HostNames,
        now: Callable[[], datetime],
        recent: timedelta = RECENT,
    ) -> None:
        """`recent` is how young a request is no backlog at takeover: no holder was there for it."""
        self.mirror = mirror
        self.queue = queue
        self.outbox = outbox
        self.leadership = leadership
        self._ledger = ledger
        self._reconciler = reconciler
        self._recipients = recipients
        self.unreachable = recipients.unreachable
        self._expiry_timers = expiry_timers
        self._host_names = host_names
        self._now = now
        self._recent = recent
        self._reading: set[asyncio.Task[None]] = set()
        self._leading: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Run until cancelled. Messages that are on their way by then are waited for."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.mirror.run())
            parts.create_task(self._expiry_timers.run())
            parts.create_task(self._host_names.run(self.queue.add))
            self._leading = parts.create_task(self._lead())

    async def finish(self, seconds: float) -> None:
        """Before `run` is cancelled: let what is under way be sent and recorded, then the lease go.

        Messages that wait for their turn are left to the next replica, which finds them on record.
        """
        if not self.leadership.held:
            self._stop_leading()
        try:
            async with asyncio.timeout(seconds):
                await self.queue.finish()
                self.outbox.stop()
                await self._reconciler.finish()
        except TimeoutError:
            self._reconciler.cancel()
        self._stop_leading()

    def _stop_leading(self) -> None:
        """And take no lease any more. Once: a second time would end the winding up as well."""
        leading, self._leading = self._leading, None
        if leading is not None:
            leading.cancel()

    def changed(self, request_id: str) -> None:
        """Hear from `commands` that it changed a request.

        While the watch stands it tells the same at the same moment, so there is nothing to do.
        """
        if self.mirror.watching:
            return
        task = asyncio.create_task(self._read(request_id))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    def look_at_pending(self) -> None:
        """Look at each pending request again, since the way in which it is decided has changed."""
        for request in self.mirror.requests():
            if request.pending:
                self.queue.add(request.id, high_priority=False)

    async def _read(self, request_id: str) -> None:
        try:
            await self.mirror.refresh(request_id)
        except TeleportError as error:
            log.info("changed_request_read_failed", request_id=request_id, error=str(error))
        else:
            self.queue.add(request_id)

    async def _lead(self) -> None:
        await self.mirror.synced.wait()
        await self.leadership.run(self._run_as_leader)

    async def _run_as_leader(self) -> None:
        """Take over: know what was shown, look at everything once, then at whatever changes."""
        await self._ledger.load()
        self.leadership.problem = ""
        log.info("ledger_loaded", entry_count=len(self._ledger), request_count=len(self.mirror))
        first = not self._ledger.ids
        context = None
        if first_started := self._now() if first else self._ledger.first_started:
            context = self._reconciler.set_first_start(first_started)
        self._enqueue_all()
        asides = ServiceMessages(self.outbox, self._recipients)
        sending = asyncio.create_task(self.outbox.run())
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(
                    self.queue.run(self._reconciler.reconcile, has_capacity=self._has_capacity)
                )
                parts.create_task(self._recipients.check())
                parts.create_task(asides.report_unreachable())
                if first and context:
                    parts.create_task(asides.post_backlog_summary(self._passed_over(context)))
        finally:
            self.queue.close()
            self.outbox.stop()
            try:
                await self._reconciler.finish()
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    def _has_capacity(self, high_priority: bool) -> bool:
        """Whether so few messages wait, or are about to, that there may be more.

        Of the backlog just enough cards to keep Slack busy: what comes after them in the outbox
        must not go before them here.
        """
        if not high_priority and self.outbox.backlog_waiting + self.queue.processing >= MAX_WORKERS:
            return False
        return self.outbox.waiting < MOST_WAITING

    def _enqueue_all(self) -> None:
        self.queue.open()
        recent = self._recent_ones()
        for request in self.mirror.requests():
            self.queue.add(request.id, high_priority=request.id in recent)
        for request_id in self._ledger.ids:
            self.queue.add(request_id, high_priority=False)

    def _passed_over(self, context: PlanContext) -> list[AccessRequest]:
        """Those of before there was a bot that still wait."""
        now = self._now()
        waiting = (request for request in self.mirror.requests() if request.pending)
        return [request for request in waiting if passed_over(request, now, context)]

    def _recent_ones(self) -> frozenset[str]:
        """Requests without a card that are as good as new, unless there are very many."""
        since = self._now() - self._recent
        young = (each for each in self.mirror.requests() if each.created and each.created > since)
        without_card = (each for each in young if not announced(self._ledger.get(each.id)))
        recent = frozenset(each.id for each in within_limit(without_card))
        return recent if len(recent) <= _MOST_RECENT else frozenset()

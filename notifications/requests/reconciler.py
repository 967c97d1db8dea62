"""Brings the messages of one access request in line with Teleport.

Before a message is posted, the ledger records the intent; afterwards it records the message. So a
crash or a lost response leaves a trace, and the next leader recovers the message before it posts
anything else. The reconciler starts messages and doesn't wait for them: each one adds the request
to the queue again when it ends (`InFlightMessages`), and the result is `Started` until then.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from notifications.delivery.messages_in_flight import InFlightMessages
from notifications.end_warning import warning_time
from notifications.following.follower import Follower
from notifications.locks.request_locks import RequestLocks
from notifications.notification_rules import PlanContext
from notifications.records.ledger import Ledger, RequestGone
from notifications.requests.confirmed_plan import RequestPlanner
from notifications.requests.expiry import RequestExpiry, next_check
from notifications.requests.plan_execution import RequestActions
from notifications.workqueue.key import Key
from notifications.workqueue.reconcile_result import AgainAt, Done, Result, Retry, Started
from teleport_client.model.access_request import AccessRequest

_RETRY_AFTER_DELETION = timedelta(days=1)
"""Time in which an archived channel can be opened again to show how a deleted request ended."""


class RequestReconciler:
    def __init__(
        self,
        *,
        requests: Follower[AccessRequest],
        ledger: Ledger,
        planner: RequestPlanner,
        actions: RequestActions,
        expiry: RequestExpiry,
        in_flight: InFlightMessages,
        locks: RequestLocks,
        now: Callable[[], datetime],
    ) -> None:
        self._requests = requests
        self._ledger = ledger
        self._planner = planner
        self._actions = actions
        self._expiry = expiry
        self._in_flight = in_flight
        self._locks = locks
        self._now = now

    def set_first_start(self, first_started: datetime) -> PlanContext:
        """Skip requests that were too old at the bot's first start. Return the new context."""
        self._planner.context = replace(self._planner.context, first_started=first_started)
        return self._planner.context

    async def finish(self) -> None:
        """Wait for messages in flight and their records."""
        await self._in_flight.finish()

    def cancel(self) -> None:
        """Stop waiting for messages in flight."""
        self._in_flight.cancel()

    async def reconcile(self, key: Key, high_priority: bool) -> Result:
        """Start the planned actions. The priority applies to their messages, too."""
        request_id, started = key.name, self._now()
        if error := await self._start_all(request_id, high_priority=high_priority):
            return Retry(error)
        if self._in_flight.slots(request_id) or self._in_flight.recording(request_id):
            return Started()
        self._in_flight.forget(request_id)
        if self._requests.get(request_id) is not None:
            return self._next_look(request_id, started)
        if retry := self._last_retry(request_id):
            return AgainAt(retry)
        self._ledger.forget(request_id)
        self._requests.forget(request_id)
        self._expiry.forget(request_id)
        return Done()

    def _next_look(self, request_id: str, started: datetime) -> Result:
        """Return at the first of Slack's next retry, the warning, and an expiry.

        The plan was made after `started`, so it contains every warning that was due by then.
        """
        looks: list[AgainAt] = []
        entry, cached = self._ledger.get(request_id), self._requests.get(request_id)
        if entry is not None and (moment := entry.next_retry(self._now())):
            looks.append(AgainAt(moment))
        if cached is not None and not self._expiry.expired(request_id):
            moment = next_check(cached.object, self._now())
            looks += [AgainAt(moment, high_priority=True)] if moment else []
            moment = warning_time(cached.object, self._planner.context.warn_before_end)
            looks += [AgainAt(moment, high_priority=True)] if moment and moment > started else []
        if moment := self._locks.next_expiry(request_id):
            looks.append(AgainAt(moment, high_priority=True))
        return min(looks, key=lambda each: each.moment, default=Done())

    def _last_retry(self, request_id: str) -> datetime | None:
        """Return the next retry of a deleted request's messages, None when it's time to give up."""
        entry, seen = self._ledger.get(request_id), self._requests.last_seen(request_id)
        if entry is None or seen is None or self._now() - seen > _RETRY_AFTER_DELETION:
            return None
        return entry.next_retry(self._now())

    async def _start_all(self, request_id: str, *, high_priority: bool) -> Exception | None:
        """Start all actions. Return the error of a lookup without which the plan is incomplete."""
        while True:
            try:
                return await self._start(request_id, high_priority=high_priority)
            except RequestGone:
                await self._requests.refresh(request_id)
                if self._ledger.get(request_id) is None:
                    return None

    async def _start(self, request_id: str, *, high_priority: bool) -> Exception | None:
        if not self._in_flight.recording(request_id):
            await self._ledger.flush(request_id)
        while (planned := await self._planner.plan(request_id)).plan.actions:
            if await self._actions.run(
                request_id, planned, self._planner.context, high_priority=high_priority
            ):
                break
        return planned.error

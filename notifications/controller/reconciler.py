"""Bring Slack to what Teleport says, for one request at a time.

Before a message is posted the ledger records the intent, and after it the message, so that a crash
or a lost answer leaves a trace. Nothing is shown from a list alone.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from notifications.controller.expiry_timers import ExpiryTimers, next_transition
from notifications.controller.mirror import Mirror, Source
from notifications.controller.queue import ChangeQueue
from notifications.plan import (
    NO_DETAILS,
    Details,
    Plan,
    PlanContext,
    PostCard,
    PostReply,
    RecoverMessage,
    SendNotice,
    SkipRequest,
    UpdateMessage,
    card_slot,
    face_in,
    plan,
)
from notifications.records.entry import Entry, PostedMessage, trimmed
from notifications.records.ledger import Ledger, RequestGone
from notifications.routing.routes import CombinedRouting, Routes
from notifications.sending.delivery import Delivery, Face, PreparedPost
from notifications.sending.in_flight import RECORD_WITHIN, InFlightMessages
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import AccessRequest
from workspace.directory.host_names import HostNames
from workspace.requests.claim import Claims
from workspace.views.card import CardModel


@dataclass(frozen=True, slots=True)
class _PlannedWork:
    """What is to be done now, and why not all may be known that is."""

    plan: Plan
    error: BaseException | None
    """It is planned again later, although all of this is done."""
    seeking: bool
    """Whether some recipients could not be found."""


class Reconciler:
    def __init__(
        self,
        *,
        mirror: Mirror,
        queue: ChangeQueue,
        ledger: Ledger,
        delivery: Delivery,
        routing: CombinedRouting,
        expiry_timers: ExpiryTimers,
        context: PlanContext,
        claims: Claims,
        host_names: HostNames,
        now: Callable[[], datetime],
        record_within: float = RECORD_WITHIN,
    ) -> None:
        self._mirror = mirror
        self._queue = queue
        self._ledger = ledger
        self._delivery = delivery
        self._routing = routing
        self._expiry_timers = expiry_timers
        self._now = now
        self._context = context
        self._claims = claims
        self._host_names = host_names
        self._in_flight = InFlightMessages(mirror, queue, ledger, record_within=record_within)

    def set_first_start(self, first_started: datetime) -> PlanContext:
        """Pass over what was too old at the bot's very first start. Gives what now holds."""
        self._context = replace(self._context, first_started=first_started)
        return self._context

    async def finish(self) -> None:
        """Wait for messages that are on their way, and for their record."""
        await self._in_flight.finish()

    def cancel(self) -> None:
        """Do not wait for them any longer."""
        self._in_flight.cancel()

    async def reconcile(self, request_id: str, high_priority: bool) -> bool:
        """Begin what the plan says. Gives whether all of it is done. Raises what stands in the way.

        What is begun reports to the queue when it has ended. What is `live` goes before a backlog
        also on its way to Slack.
        """
        while True:
            try:
                await self._start_all(request_id, high_priority=high_priority)
                break
            except RequestGone:
                await self._mirror.refresh(request_id)
                if self._ledger.get(request_id) is None:
                    break
        if self._in_flight.slots(request_id) or self._in_flight.recording(request_id):
            return False
        self._in_flight.forget(request_id)
        if self._mirror.get(request_id) is None:
            self._ledger.forget(request_id)
            self._mirror.forget(request_id)
        else:
            self._come_back(request_id)
        return True

    def _come_back(self, request_id: str) -> None:
        """Try again in time what Slack would not take."""
        entry, now = self._ledger.get(request_id), self._now()
        if entry is not None and (moment := entry.next_retry(now)):
            self._queue.add_after(request_id, (moment - now).total_seconds())

    async def _start_all(self, request_id: str, *, high_priority: bool) -> None:
        if not self._in_flight.recording(request_id):
            await self._ledger.flush(request_id)
        while (planned := await self._fresh_plan(request_id)).plan.actions:
            if await self._execute(request_id, planned, high_priority=high_priority):
                break
        if planned.error is not None:
            raise planned.error

    async def _fresh_plan(self, request_id: str) -> _PlannedWork:
        """Plan from what is at hand, and read the request itself where only a list speaks of it."""
        await self._confirm_doubts(request_id)
        planned = await self._plan(request_id)
        if planned.plan.actions and self._only_listed(request_id):
            await self._mirror.refresh(request_id)
            planned = await self._plan(request_id)
        if planned.plan.face is not None and not self._only_listed(request_id):
            self._in_flight.set_model(request_id, planned.plan.face)
        return planned

    async def _confirm_doubts(self, request_id: str) -> None:
        """Ask Teleport about a request that a list lacks, or whose time has passed by our clock."""
        seen = self._mirror.get(request_id)
        if seen is None or (seen.expired and seen.source is not Source.MISSING):
            return
        moment = next_transition(seen.request)
        if moment is not None and moment <= self._now():
            await self._mirror.confirm_end(request_id)
        elif seen.source is Source.MISSING:
            await self._mirror.refresh(request_id)

    def _only_listed(self, request_id: str) -> bool:
        """Whether only a list says how it is, or that it is gone."""
        seen = self._mirror.get(request_id)
        if seen is None:
            return self._mirror.last_known(request_id) is None
        return seen.source is not Source.FRESH

    async def _plan(self, request_id: str) -> _PlannedWork:
        """Look up what the plan needs, again where the request changes or goes meanwhile."""
        while True:
            seen = self._mirror.get(request_id)
            routes, details, error = Routes(), NO_DETAILS, None
            if seen is not None:
                if not seen.expired:
                    self._expiry_timers.schedule(seen.request)
                routes = await self._routing.routes(seen.request)
                details, error = await self._details(seen.request)
            begun = self._in_flight.slots(request_id)
            if not begun:
                await self._readdress(request_id, routes.ids)
            if self._mirror.get(request_id) is seen:
                break
        request, expired = (seen.request, seen.expired) if seen else (None, False)
        entry = self._ledger.get(request_id)
        if request is None and entry is not None:
            entry = self._with_last_known(request_id, entry)
        made = plan(
            request,
            entry,
            _as_begun(routes, begun),
            self._now(),
            self._context,
            expired=expired,
            details=details,
        )
        left = (
            each for each in made.actions if isinstance(each, SkipRequest) or each.slot not in begun
        )
        return _PlannedWork(
            replace(made, actions=tuple(left)),
            routes.error or error,
            seeking=routes.error is not None,
        )

    async def _details(self, request: AccessRequest) -> tuple[Details, BaseException | None]:
        """Look up what its card shows besides, and why that may be incomplete."""
        names = self._host_names.of(request)
        try:
            return Details(await self._claims.of(request), names), None
        except TeleportError as error:
            return Details(host_names=names), error

    async def _readdress(self, request_id: str, ids: Mapping[str, str]) -> None:
        """Go on by ID where cards were to be posted to a channel's name."""
        entry = self._ledger.get(request_id)
        if entry is not None and any(intent.channel in ids for intent in entry.intents):
            await self._ledger.apply(request_id, lambda known: known.readdressed(ids))

    def _with_last_known(self, request_id: str, entry: Entry) -> Entry:
        """Show a request that is gone as it was last, here or on record: a decision stays."""
        last_known = self._mirror.last_known(request_id)
        if last_known is None:
            return entry
        details = Details(self._claims.known(request_id), self._host_names.of(last_known))
        return entry.with_face(face_in(last_known, self._context, details))

    async def _execute(
        self, request_id: str, planned: _PlannedWork, *, high_priority: bool
    ) -> bool:
        """Give whether all is begun. Otherwise it shows only now what else is to be done."""
        face, actions = planned.plan.face, planned.plan.actions
        if face is None:
            return True
        if open_ones := [action for action in actions if isinstance(action, RecoverMessage)]:
            # The rest is planned again once it is known what became of these.
            await self._resolve(request_id, open_ones)
        elif any(isinstance(action, SkipRequest) for action in actions):
            passed_over = {"passed_over": self._context.first_started}
            await self._ledger.write(
                request_id, lambda entry: _updated_entry(entry, face).model_copy(update=passed_over)
            )
        else:
            with self._in_flight.beginning(request_id):
                await self._send(request_id, face, planned, high_priority=high_priority)
            return True
        return False

    async def _resolve(self, request_id: str, open_ones: Sequence[RecoverMessage]) -> None:
        results = [await self._delivery.recover(request_id, action) for action in open_ones]
        for result in results:
            self._ledger.note(request_id, result.apply_to)
        await self._ledger.flush(request_id)

    async def _send(
        self, request_id: str, face: CardModel, planned: _PlannedWork, *, high_priority: bool
    ) -> None:
        """Begin what can be sent; what stands in the way of one message holds up no other."""
        self._in_flight.set_model(request_id, face)
        now = partial(self._in_flight.model, request_id)
        self._edit(request_id, planned, now, high_priority=high_priority)
        actions = planned.plan.actions
        wanted = [
            action for action in actions if isinstance(action, PostCard | SendNotice | PostReply)
        ]
        before = self._ledger.get(request_id)
        known_dm = before.requester_dm if before else ""
        prepared = await asyncio.gather(
            *(
                self._delivery.prepare(action, face, high_priority=high_priority, known_dm=known_dm)
                for action in wanted
            ),
            return_exceptions=True,
        )
        undeliverable = [each for each in prepared if isinstance(each, PostedMessage)]
        postings = [each for each in prepared if isinstance(each, PreparedPost)]

        def about_to_be_sent(entry: Entry | None) -> Entry:
            entry = _updated_entry(entry, face).model_copy(update={"seeking": planned.seeking})
            for message in undeliverable:
                entry = entry.with_message(message)
            return entry.with_intents(tuple(posting.intent for posting in postings))

        if postings or undeliverable or (before and before.seeking != planned.seeking):
            await self._ledger.write(request_id, about_to_be_sent)
        for posting in postings:
            sending = self._delivery.post(request_id, posting, now)
            self._in_flight.start(
                request_id, posting.intent.slot, sending, high_priority=high_priority
            )
        # The outbox counts these before the worker is free for the next request.
        await asyncio.sleep(0)
        for error in prepared:
            if isinstance(error, BaseException):
                raise error

    def _edit(
        self, request_id: str, planned: _PlannedWork, now: Face, *, high_priority: bool
    ) -> None:
        """Begin the edits. They need no intents, and so do not wait for a write."""
        for action in planned.plan.actions:
            if isinstance(action, UpdateMessage):
                editing = self._delivery.update(
                    request_id, action, now, high_priority=high_priority
                )
                self._in_flight.start(request_id, action.slot, editing, high_priority=high_priority)


def _updated_entry(entry: Entry | None, face: CardModel) -> Entry:
    return entry.with_face(face) if entry else Entry(face=trimmed(face))


def _as_begun(routes: Routes, begun: Collection[str]) -> Sequence[str]:
    """Address channels by name for as long as their cards are on the way by it."""
    by_name = {routes.ids[name]: name for name in routes.ids if card_slot(name) in begun}
    return [by_name.get(channel, channel) for channel in routes.channels]

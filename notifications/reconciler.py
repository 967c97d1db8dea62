"""Bring Slack to what Teleport says, for one request at a time.

Before a message is posted the ledger records the intent, and after it the message, so that a crash
or a lost answer leaves a trace. Nothing is shown from a list alone.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from notifications.alarms import Alarms, next_moment
from notifications.delivery import Delivery, Face, Posting
from notifications.entry import Entry, PostedMessage, trimmed
from notifications.ledger import Ledger, RequestGone
from notifications.mirror import Mirror, Source
from notifications.plan import (
    NO_DETAILS,
    Details,
    EditMessage,
    Outlook,
    PassOver,
    Plan,
    PostCard,
    Reply,
    Resolve,
    Tell,
    card_slot,
    face_in,
    plan,
)
from notifications.queue import ChangeQueue
from notifications.routing import Routes, United
from notifications.under_way import RECORD_WITHIN, UnderWay
from teleport_client.access_request import AccessRequest
from teleport_client.errors import TeleportError
from workspace.claim import Claims
from workspace.host_names import HostNames
from workspace.views.card import CardFace


@dataclass(frozen=True, slots=True)
class _Todo:
    """What is to be done now, and why not all may be known that is."""

    plan: Plan
    trouble: BaseException | None
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
        routing: United,
        alarms: Alarms,
        outlook: Outlook,
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
        self._alarms = alarms
        self._now = now
        self._outlook = outlook
        self._claims = claims
        self._host_names = host_names
        self._under_way = UnderWay(mirror, queue, ledger, record_within=record_within)

    def sort_out_from(self, first_started: datetime) -> Outlook:
        """Pass over what was too old at the bot's very first start. Gives what now holds."""
        self._outlook = replace(self._outlook, first_started=first_started)
        return self._outlook

    async def finish(self) -> None:
        """Wait for messages that are on their way, and for their record."""
        await self._under_way.finish()

    def give_up(self) -> None:
        """Do not wait for them any longer."""
        self._under_way.give_up()

    async def reconcile(self, request_id: str, live: bool) -> bool:
        """Begin what the plan says. Gives whether all of it is done. Raises what stands in the way.

        What is begun reports to the queue when it has ended. What is `live` goes before a backlog
        also on its way to Slack.
        """
        while True:
            try:
                await self._begin_all(request_id, live=live)
                break
            except RequestGone:
                await self._mirror.confirm(request_id)
                if self._ledger.get(request_id) is None:
                    break
        if self._under_way.slots(request_id) or self._under_way.recording(request_id):
            return False
        self._under_way.forget(request_id)
        if self._mirror.get(request_id) is None:
            self._ledger.forget(request_id)
            self._mirror.forget(request_id)
        else:
            self._come_back(request_id)
        return True

    def _come_back(self, request_id: str) -> None:
        """Try again in time what Slack would not take."""
        entry, now = self._ledger.get(request_id), self._now()
        if entry is not None and (moment := entry.rests_until(now)):
            self._queue.postpone(request_id, (moment - now).total_seconds())

    async def _begin_all(self, request_id: str, *, live: bool) -> None:
        if not self._under_way.recording(request_id):
            await self._ledger.settle(request_id)
        while (todo := await self._confirmed_plan(request_id)).plan.actions:
            if await self._carry_out(request_id, todo, live=live):
                break
        if todo.trouble is not None:
            raise todo.trouble

    async def _confirmed_plan(self, request_id: str) -> _Todo:
        """Plan from what is at hand, and read the request itself where only a list speaks of it."""
        await self._confirm_doubts(request_id)
        todo = await self._plan(request_id)
        if todo.plan.actions and self._only_listed(request_id):
            await self._mirror.confirm(request_id)
            todo = await self._plan(request_id)
        if todo.plan.face is not None and not self._only_listed(request_id):
            self._under_way.show(request_id, todo.plan.face)
        return todo

    async def _confirm_doubts(self, request_id: str) -> None:
        """Ask Teleport about a request that a list lacks, or whose time has passed by our clock."""
        seen = self._mirror.get(request_id)
        if seen is None or (seen.expired and seen.source is not Source.NOT_LISTED):
            return
        moment = next_moment(seen.request)
        if moment is not None and moment <= self._now():
            await self._mirror.confirm_end(request_id)
        elif seen.source is Source.NOT_LISTED:
            await self._mirror.confirm(request_id)

    def _only_listed(self, request_id: str) -> bool:
        """Whether only a list says how it is, or that it is gone."""
        seen = self._mirror.get(request_id)
        if seen is None:
            return self._mirror.last(request_id) is None
        return seen.source is not Source.EVENT_OR_READ

    async def _plan(self, request_id: str) -> _Todo:
        """Look up what the plan needs, again where the request changes or goes meanwhile."""
        while True:
            seen = self._mirror.get(request_id)
            routes, details, trouble = Routes(), NO_DETAILS, None
            if seen is not None:
                if not seen.expired:
                    self._alarms.set_for(seen.request)
                routes = await self._routing.routes(seen.request)
                details, trouble = await self._details(seen.request)
            begun = self._under_way.slots(request_id)
            if not begun:
                await self._readdress(request_id, routes.ids)
            if self._mirror.get(request_id) is seen:
                break
        request, expired = (seen.request, seen.expired) if seen else (None, False)
        entry = self._ledger.get(request_id)
        if request is None and entry is not None:
            entry = self._with_the_last(request_id, entry)
        made = plan(
            request,
            entry,
            _as_begun(routes, begun),
            self._now(),
            self._outlook,
            expired=expired,
            details=details,
        )
        left = (
            each for each in made.actions if isinstance(each, PassOver) or each.slot not in begun
        )
        return _Todo(
            replace(made, actions=tuple(left)),
            routes.trouble or trouble,
            seeking=routes.trouble is not None,
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
            await self._ledger.record(request_id, lambda known: known.readdressed(ids))

    def _with_the_last(self, request_id: str, entry: Entry) -> Entry:
        """Show a request that is gone as it was last, here or on record: a decision stays."""
        last = self._mirror.last(request_id)
        if last is None:
            return entry
        details = Details(self._claims.known(request_id), self._host_names.of(last))
        return entry.with_face(face_in(last, self._outlook, details))

    async def _carry_out(self, request_id: str, todo: _Todo, *, live: bool) -> bool:
        """Give whether all is begun. Otherwise it shows only now what else is to be done."""
        face, actions = todo.plan.face, todo.plan.actions
        if face is None:
            return True
        if open_ones := [action for action in actions if isinstance(action, Resolve)]:
            # The rest is planned again once it is known what became of these.
            await self._resolve(request_id, open_ones)
        elif any(isinstance(action, PassOver) for action in actions):
            passed_over = {"passed_over": self._outlook.first_started}
            await self._ledger.write(
                request_id, lambda entry: _begun(entry, face).model_copy(update=passed_over)
            )
        else:
            with self._under_way.beginning(request_id):
                await self._send(request_id, face, todo, live=live)
            return True
        return False

    async def _resolve(self, request_id: str, open_ones: Sequence[Resolve]) -> None:
        outcomes = [await self._delivery.resolve(request_id, action) for action in open_ones]
        for outcome in outcomes:
            self._ledger.note(request_id, outcome.noted_in)
        await self._ledger.settle(request_id)

    async def _send(self, request_id: str, face: CardFace, todo: _Todo, *, live: bool) -> None:
        """Begin what can be sent; what stands in the way of one message holds up no other."""
        self._under_way.show(request_id, face)
        now = partial(self._under_way.shown, request_id)
        self._edit(request_id, todo, now, live=live)
        actions = todo.plan.actions
        wanted = [action for action in actions if isinstance(action, PostCard | Tell | Reply)]
        before = self._ledger.get(request_id)
        known_dm = before.requester_dm if before else ""
        prepared = await asyncio.gather(
            *(
                self._delivery.posting(action, face, live=live, known_dm=known_dm)
                for action in wanted
            ),
            return_exceptions=True,
        )
        undeliverable = [each for each in prepared if isinstance(each, PostedMessage)]
        postings = [each for each in prepared if isinstance(each, Posting)]

        def about_to_be_sent(entry: Entry | None) -> Entry:
            entry = _begun(entry, face).model_copy(update={"seeking": todo.seeking})
            for message in undeliverable:
                entry = entry.with_message(message)
            return entry.with_intents(tuple(posting.intent for posting in postings))

        if postings or undeliverable or (before and before.seeking != todo.seeking):
            await self._ledger.write(request_id, about_to_be_sent)
        for posting in postings:
            sending = self._delivery.post(request_id, posting, now)
            self._under_way.begin(request_id, posting.intent.slot, sending, live=live)
        # The outbox counts these before the worker is free for the next request.
        await asyncio.sleep(0)
        for error in prepared:
            if isinstance(error, BaseException):
                raise error

    def _edit(self, request_id: str, todo: _Todo, now: Face, *, live: bool) -> None:
        """Begin the edits. They need no intents, and so do not wait for a write."""
        for action in todo.plan.actions:
            if isinstance(action, EditMessage):
                editing = self._delivery.edit(request_id, action, now, live=live)
                self._under_way.begin(request_id, action.slot, editing, live=live)


def _begun(entry: Entry | None, face: CardFace) -> Entry:
    return entry.with_face(face) if entry else Entry(face=trimmed(face))


def _as_begun(routes: Routes, begun: Collection[str]) -> Sequence[str]:
    """Address channels by name for as long as their cards are on the way by it."""
    by_name = {routes.ids[name]: name for name in routes.ids if card_slot(name) in begun}
    return [by_name.get(channel, channel) for channel in routes.channels]

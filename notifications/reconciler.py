"""Bring Slack to what Teleport says, for one request at a time.

Before a message is posted the ledger records the intent, and after it the message, so that a crash
or a lost answer leaves a trace. Nothing is shown from a list alone.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notifications.alarms import Alarms
from notifications.delivery import Delivery, Posting
from notifications.entry import Entry, PostedMessage, trimmed
from notifications.ledger import Ledger
from notifications.mirror import Mirror, Source
from notifications.plan import (
    Action,
    EditCard,
    Outlook,
    PassOver,
    Plan,
    PostCard,
    Reply,
    Resolve,
    Tell,
    face_in,
    plan,
)
from notifications.routing import Routes, United
from teleport_client.errors import Conflict, NotFound, TeleportError
from workspace.views.card import CardFace


@dataclass(frozen=True, slots=True)
class _Todo:
    """What is to be done now, and why not all may be known that is."""

    plan: Plan
    trouble: BaseException | None
    """It is planned again later, although all of this is done."""


class Reconciler:
    def __init__(
        self,
        *,
        mirror: Mirror,
        ledger: Ledger,
        delivery: Delivery,
        routing: United,
        alarms: Alarms,
        outlook: Outlook,
        now: Callable[[], datetime],
    ) -> None:
        self._mirror = mirror
        self._ledger = ledger
        self._delivery = delivery
        self._routing = routing
        self._alarms = alarms
        self._now = now
        self._outlook = outlook
        self._delivering: set[asyncio.Task[None]] = set()

    def sort_out_from(self, first_started: datetime) -> Outlook:
        """Pass over what was too old at the bot's very first start. Gives what now holds."""
        self._outlook = replace(self._outlook, first_started=first_started)
        return self._outlook

    async def finish(self) -> None:
        """Wait for messages that are on their way, and for their record."""
        await asyncio.gather(*self._delivering, return_exceptions=True)

    async def reconcile(self, request_id: str, live: bool) -> None:
        """Do what the plan says, until it says nothing. Raises what stood in the way.

        What is `live` goes before a backlog also on its way to Slack.
        """
        try:
            await self._ledger.settle(request_id)
            while (todo := await self._confirmed_plan(request_id)).plan.actions:
                await self._carry_out(request_id, todo, live=live)
            if todo.trouble is not None:
                raise todo.trouble
        except NotFound:
            # A first record needs the request, so the request is gone.
            await self._mirror.confirm(request_id)
            self._ledger.forget(request_id)
        if self._mirror.get(request_id) is None:
            self._ledger.forget(request_id)
            self._mirror.forget(request_id)

    async def _confirmed_plan(self, request_id: str) -> _Todo:
        """Plan from what is at hand, and read the request itself where only a list speaks of it."""
        seen = self._mirror.get(request_id)
        if seen is not None and seen.source is Source.NOT_LISTED:
            await self._mirror.confirm(request_id)
        todo = await self._plan(request_id)
        if todo.plan.actions and self._only_listed(request_id):
            await self._mirror.confirm(request_id)
            todo = await self._plan(request_id)
        return todo

    def _only_listed(self, request_id: str) -> bool:
        """Whether only a list says how it is, or that it is gone."""
        seen = self._mirror.get(request_id)
        if seen is None:
            return self._mirror.last(request_id) is None
        return seen.source is not Source.EVENT_OR_READ

    async def _plan(self, request_id: str) -> _Todo:
        seen = self._mirror.get(request_id)
        request = seen.request if seen else None
        routes = Routes()
        if request is not None:
            self._alarms.set_for(request)
            routes = await self._routing.routes(request)
        entry = self._ledger.get(request_id)
        if request is None and entry is not None:
            entry = self._with_the_last(request_id, entry)
        made = plan(request, entry, routes.channels, self._now(), self._outlook)
        return _Todo(made, routes.trouble)

    def _with_the_last(self, request_id: str, entry: Entry) -> Entry:
        """Show a request that is gone as it was last, here or on record: a decision stays."""
        last = self._mirror.last(request_id)
        if last is None or (last.pending and entry.face.status.decided):
            return entry
        return entry.with_face(face_in(last, self._now(), self._outlook))

    async def _carry_out(self, request_id: str, todo: _Todo, *, live: bool) -> None:
        face, actions = todo.plan.face, todo.plan.actions
        if face is None:
            return
        entry = self._ledger.get(request_id) or Entry(face=trimmed(face))
        if open_ones := [action for action in actions if isinstance(action, Resolve)]:
            # The rest is planned again once it is known what became of these.
            for action in open_ones:
                outcome = await self._delivery.resolve(request_id, action)
                entry = outcome.noted_in(entry)
            await self._ledger.write(request_id, entry)
        elif any(isinstance(action, PassOver) for action in actions):
            passed_over = {"passed_over": self._outlook.first_started}
            await self._ledger.write(request_id, entry.model_copy(update=passed_over))
        else:
            seeking = {"seeking": todo.trouble is not None}
            entry = entry.with_face(face).model_copy(update=seeking)
            await self._send(request_id, face, entry, actions, live=live)

    async def _send(
        self,
        request_id: str,
        face: CardFace,
        entry: Entry,
        actions: Sequence[Action],
        *,
        live: bool,
    ) -> None:
        """Send what can be sent; what stands in the way of one message holds up no other."""
        wanted = [action for action in actions if isinstance(action, PostCard | Tell | Reply)]
        prepared = await asyncio.gather(
            *(self._delivery.posting(action, face, live=live) for action in wanted),
            return_exceptions=True,
        )
        for undeliverable in (each for each in prepared if isinstance(each, PostedMessage)):
            entry = entry.with_message(undeliverable)
        postings = [each for each in prepared if isinstance(each, Posting)]
        if postings:
            entry = entry.with_intents(tuple(posting.intent for posting in postings))
            await self._ledger.write(request_id, entry)
        edits = [action for action in actions if isinstance(action, EditCard)]
        delivering = asyncio.create_task(self._deliver(request_id, face, entry, postings, edits))
        self._delivering.add(delivering)
        delivering.add_done_callback(self._delivered)
        await asyncio.shield(delivering)
        for error in prepared:
            if isinstance(error, BaseException):
                raise error

    def _delivered(self, delivering: "asyncio.Task[None]") -> None:
        """Its failure is the waiting one's to tell; where that was cancelled, the next holder's."""
        self._delivering.discard(delivering)
        if not delivering.cancelled():
            delivering.exception()

    async def _deliver(
        self,
        request_id: str,
        face: CardFace,
        entry: Entry,
        postings: Sequence[Posting],
        edits: Sequence[EditCard],
    ) -> None:
        """Send, and record each message as soon as Slack has it.

        What is sent and not recorded counts as lost if this process ends, so one message that waits
        for its turn must not keep the others from being recorded.
        """
        sending = {
            *(asyncio.create_task(self._delivery.post(request_id, each)) for each in postings),
            *(asyncio.create_task(self._delivery.edit(request_id, each, face)) for each in edits),
        }
        failure: Exception | None = None
        overtaken = False
        while sending:
            done, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
            for outcome in (each.result() for each in done):
                entry = outcome.noted_in(entry)
                failure = failure or outcome.error
            try:
                if not overtaken:
                    await self._ledger.record(request_id, entry)
            except (Conflict, NotFound) as error:
                # What is there now is another's, or nobody's; ours must not be written over it.
                failure, overtaken = error, True
            except TeleportError as error:
                failure = failure or error
        if failure is not None:
            raise failure

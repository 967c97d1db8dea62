"""Runs the actions of a plan: recovers, skips, posts and updates messages.

Order matters. Messages with an unknown result are recovered first, and the rest is planned again
with the result. One write then records the intents of all new messages before any of them is sent.
Updates need no intent, since a repeated update changes nothing, so they don't wait for the write.
An error that prevents one message doesn't stop the others: it is raised after they were started.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from notifications.delivery.message_delivery import Delivery, PreparedPost
from notifications.delivery.messages_in_flight import InFlightMessages
from notifications.notification_rules import (
    PlanContext,
    PostCard,
    PostReply,
    RecoverMessage,
    SendNotice,
    SkipRequest,
    UpdateMessage,
)
from notifications.records.entry import Entry, PostedMessage
from notifications.records.ledger import Ledger
from notifications.records.trim import trim_card_model
from notifications.requests.confirmed_plan import PlannedWork
from workspace.card_model.record import CardModel

_Prepared: TypeAlias = PreparedPost | PostedMessage | BaseException


class RequestActions:
    def __init__(self, ledger: Ledger, delivery: Delivery, in_flight: InFlightMessages) -> None:
        self._ledger = ledger
        self._delivery = delivery
        self._in_flight = in_flight

    async def run(
        self, request_id: str, planned: PlannedWork, context: PlanContext, *, high_priority: bool
    ) -> bool:
        """Return whether all actions are started; if not, their results need another plan."""
        card_model, actions = planned.plan.card_model, planned.plan.actions
        if card_model is None:
            return True
        if lost := [action for action in actions if isinstance(action, RecoverMessage)]:
            await self._recover(request_id, lost)
            return False
        if any(isinstance(action, SkipRequest) for action in actions):
            await self._skip(request_id, card_model, context)
            return False
        with self._in_flight.starting(request_id):
            await self._send(request_id, card_model, planned, high_priority=high_priority)
        return True

    async def _skip(self, request_id: str, card_model: CardModel, context: PlanContext) -> None:
        def change(entry: Entry | None) -> Entry:
            return replace(_updated(entry, card_model), skipped_at=context.first_started)

        await self._ledger.write(request_id, change)

    async def _recover(self, request_id: str, lost: Sequence[RecoverMessage]) -> None:
        results = [await self._delivery.recover(request_id, action) for action in lost]
        for result in results:
            self._ledger.note(request_id, result.apply_to)
        await self._ledger.flush(request_id)

    async def _send(
        self, request_id: str, card_model: CardModel, planned: PlannedWork, *, high_priority: bool
    ) -> None:
        self._in_flight.set_model(request_id, card_model)
        self._update(request_id, planned, high_priority=high_priority)
        prepared = await self._prepare(request_id, card_model, planned, high_priority=high_priority)
        await self._record_intents(request_id, card_model, planned, prepared)
        model = partial(self._in_flight.model, request_id)
        for post in prepared:
            if isinstance(post, PreparedPost):
                sending = self._delivery.post(request_id, post, model)
                slot = post.intent.slot
                self._in_flight.start(request_id, slot, sending, high_priority=high_priority)
        # The outbox counts these messages before the worker takes the next request.
        await asyncio.sleep(0)
        for error in prepared:
            if isinstance(error, BaseException):
                raise error

    def _update(self, request_id: str, planned: PlannedWork, *, high_priority: bool) -> None:
        model = partial(self._in_flight.model, request_id)
        for action in planned.plan.actions:
            if isinstance(action, UpdateMessage):
                updating = self._delivery.update(
                    request_id, action, model, high_priority=high_priority
                )
                self._in_flight.start(
                    request_id, action.slot, updating, high_priority=high_priority
                )

    async def _prepare(
        self, request_id: str, card_model: CardModel, planned: PlannedWork, *, high_priority: bool
    ) -> Sequence[_Prepared]:
        """Return for each new message the post, the record that it can't be sent, or an error."""
        entry = self._ledger.get(request_id)
        known_dm = entry.requester_dm if entry else ""
        return await asyncio.gather(
            *(
                self._delivery.prepare(
                    action, card_model, high_priority=high_priority, known_dm=known_dm
                )
                for action in planned.plan.actions
                if isinstance(action, PostCard | SendNotice | PostReply)
            ),
            return_exceptions=True,
        )

    async def _record_intents(
        self,
        request_id: str,
        card_model: CardModel,
        planned: PlannedWork,
        prepared: Iterable[_Prepared],
    ) -> None:
        incomplete = planned.recipients_incomplete
        undeliverable = [each for each in prepared if isinstance(each, PostedMessage)]
        intents = tuple(each.intent for each in prepared if isinstance(each, PreparedPost))

        def change(entry: Entry | None) -> Entry:
            entry = replace(_updated(entry, card_model), recipients_incomplete=incomplete)
            for message in undeliverable:
                entry = entry.with_message(message)
            return entry.with_intents(intents)

        entry = self._ledger.get(request_id)
        news = entry and (
            entry.recipients_incomplete != incomplete or entry.is_resolved_by(card_model)
        )
        if intents or undeliverable or news:
            await self._ledger.write(request_id, change)


def _updated(entry: Entry | None, card_model: CardModel) -> Entry:
    return (
        entry.with_card_model(card_model)
        if entry
        else Entry(card_model=trim_card_model(card_model))
    )

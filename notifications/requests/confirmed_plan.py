"""Plans for one access request, from confirmed facts only.

Nothing is shown from a list alone: if a plan has actions and only a list reported the request, or
its absence, the planner reads it by ID and plans again. Lookups take time, so a plan is made again
if the request changed during them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notifications.delivery.messages_in_flight import InFlightMessages
from notifications.following.cache import Cached, Source
from notifications.following.follower import Follower
from notifications.locks.request_locks import RequestLocks
from notifications.notification_rules import (
    Details,
    Plan,
    PlanContext,
    SkipRequest,
    current_card_model,
    plan,
)
from notifications.records.entry import Entry
from notifications.records.ledger import Ledger
from notifications.records.slots import card_slot
from notifications.requests.expiry import RequestExpiry, is_due
from notifications.routing.routes import CombinedRouting, Routes
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import AccessRequest
from workspace.card_model.build import card_lock
from workspace.card_model.record import CardLock
from workspace.card_model.status import Status
from workspace.directory.cancellations import Cancellations
from workspace.directory.claims import Claims
from workspace.directory.host_names import HostNames

_CONTRADICTED = {Source.DIFFERENT, Source.MISSING}
"""Sources of copies that say nothing until Teleport's storage confirms them."""


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """Actions to run now, and the lookup error if the plan is incomplete."""

    plan: Plan
    error: Exception | None
    recipients_incomplete: bool
    """Whether some recipients couldn't be looked up."""


class RequestPlanner:
    def __init__(
        self,
        *,
        requests: Follower[AccessRequest],
        ledger: Ledger,
        routing: CombinedRouting,
        expiry: RequestExpiry,
        in_flight: InFlightMessages,
        context: PlanContext,
        claims: Claims,
        cancellations: Cancellations,
        host_names: HostNames,
        locks: RequestLocks,
        now: Callable[[], datetime],
    ) -> None:
        self._requests = requests
        self._ledger = ledger
        self._routing = routing
        self._expiry = expiry
        self._in_flight = in_flight
        self._claims = claims
        self._cancellations = cancellations
        self._host_names = host_names
        self._locks = locks
        self._now = now
        self.context = context

    async def plan(self, request_id: str) -> PlannedWork:
        """Plan from the cache, and again from Teleport's storage if only a list is known."""
        await self._confirm_with_teleport(request_id)
        await self._locks.confirm(request_id)
        planned = await self._plan_cached(request_id)
        if planned.plan.actions and self._only_listed(request_id):
            await self._requests.refresh(request_id)
            planned = await self._plan_cached(request_id)
        if planned.plan.card_model is not None and not self._only_listed(request_id):
            self._in_flight.set_model(request_id, planned.plan.card_model)
        return planned

    async def _confirm_with_teleport(self, request_id: str) -> None:
        """Ask Teleport about a request that a list lacks or shows differently, or that is due.

        After an event that the messages don't show yet, an outdated list can show the recorded
        state again. The plan then has no actions, so nothing else would make the planner ask.
        """
        cached = self._requests.get(request_id)
        if cached is None:
            return
        if self._expiry.expired(request_id) and cached.source is not Source.MISSING:
            return
        if is_due(cached.object, self._now()):
            await self._expiry.confirm(request_id)
        elif cached.source in _CONTRADICTED:
            await self._requests.refresh(request_id)

    def _only_listed(self, request_id: str) -> bool:
        """Return whether only a list shows the request's state or its absence."""
        cached = self._requests.get(request_id)
        if cached is None:
            return self._requests.last_known(request_id) is None
        return cached.source is not Source.FRESH

    async def _plan_cached(self, request_id: str) -> PlannedWork:
        while True:
            cached = self._requests.get(request_id)
            routes, details, error = await self._look_up(request_id, cached)
            in_flight = self._in_flight.slots(request_id)
            if not in_flight:
                await self._readdress(request_id, routes.ids)
            if self._requests.get(request_id) is cached:
                break
        planned = plan(
            cached.object if cached else None,
            self._entry(request_id, deleted=cached is None),
            _keep_names_in_flight(routes, in_flight),
            self._now(),
            self.context,
            expired=self._expiry.expired(request_id),
            details=details,
            reaches_someone=routes.reaches_someone,
        )
        left = (
            each
            for each in planned.actions
            if isinstance(each, SkipRequest) or each.slot not in in_flight
        )
        return PlannedWork(
            replace(planned, actions=tuple(left)),
            routes.error or error,
            recipients_incomplete=routes.error is not None,
        )

    async def _look_up(
        self, request_id: str, cached: Cached[AccessRequest] | None
    ) -> tuple[Routes, Details, Exception | None]:
        if cached is None:
            return Routes(), await self._details_of_deleted(request_id), None
        routes = await self._routing.routes(cached.object)
        return (routes, *await self._details(cached.object))

    async def _details(self, request: AccessRequest) -> tuple[Details, Exception | None]:
        """Look up further details of the card, and return the error if they are incomplete."""
        details = Details(host_names=self._host_names.of(request), lock=self._lock(request.id))
        try:
            return replace(details, claim=await self._claims.of(request)), None
        except TeleportError as error:
            return details, error

    async def _details_of_deleted(self, request_id: str) -> Details:
        """Look up whether the requester cancelled a request that was pending to the end.

        Raises TeleportError: without the answer, nothing is shown.
        """
        details = Details(lock=self._lock(request_id))
        entry = self._entry(request_id, deleted=True)
        if entry is None or entry.card_model.status is not Status.WAITING:
            return details
        cancellation = await self._cancellations.of(request_id)
        last_seen = self._requests.last_seen(request_id)
        if cancellation is None or not cancellation.explains_deletion(last_seen):
            return details
        return replace(details, cancellation=cancellation)

    def _lock(self, request_id: str) -> CardLock | None:
        """Return the lock on a request. While the locks aren't known, the recorded one counts."""
        if self._locks.known.is_set():
            return card_lock(self._locks.of(request_id))
        entry = self._ledger.get(request_id)
        return entry.card_model.lock if entry is not None else None

    async def _readdress(self, request_id: str, ids: Mapping[str, str]) -> None:
        """Use channel IDs in intents that were recorded with a channel's name."""
        entry = self._ledger.get(request_id)
        if entry is not None and any(intent.channel in ids for intent in entry.intents):
            await self._ledger.apply(request_id, lambda known: known.readdress(ids))

    def _entry(self, request_id: str, *, deleted: bool) -> Entry | None:
        """Return the ledger's entry, for a deleted request with its last known state."""
        entry = self._ledger.get(request_id)
        last_known = self._requests.last_known(request_id) if deleted else None
        if entry is None or last_known is None:
            return entry
        details = Details(
            self._claims.known(request_id),
            self._host_names.of(last_known),
            lock=self._lock(request_id),
        )
        return entry.with_card_model(current_card_model(last_known, self.context, details))


def _keep_names_in_flight(routes: Routes, in_flight: Collection[str]) -> Sequence[str]:
    """Keep the names of channels whose cards are being sent to the name."""
    by_name = {routes.ids[name]: name for name in routes.ids if card_slot(name) in in_flight}
    return [by_name.get(channel, channel) for channel in routes.channels]

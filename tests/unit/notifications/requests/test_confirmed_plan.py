"""Which facts a plan is made from: a list alone isn't enough to post anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from notifications.delivery.delivery_result import DeliveryResult
from notifications.delivery.messages_in_flight import InFlightMessages
from notifications.following.follower import Follower
from notifications.notification_rules import (
    PlanContext,
    PostCard,
    SendNotice,
    UpdateMessage,
    current_card_model,
)
from notifications.records.entry import Entry, Intent, PostedMessage
from notifications.records.ledger import Ledger
from notifications.records.slots import card_slot, notice_slot
from notifications.records.trim import trim_card_model
from notifications.requests.confirmed_plan import RequestPlanner
from notifications.requests.expiry import RequestExpiry
from notifications.requests.request_queue import RequestQueue
from notifications.routing.routes import CombinedRouting, Routes
from notifications.slot_fingerprints import model_fingerprint
from notifications.workqueue.work_queue import WorkQueue
from teleport_client.errors import Unreachable
from teleport_client.model.access_request import AccessRequest, RequestState
from tests.samples import NOW, request
from tests.unit.notifications.requests.memory_teleport import MemoryTeleport
from workspace.card_model.notice import Notice
from workspace.card_model.status import Status
from workspace.directory.cancellations import Cancellations
from workspace.directory.claims import Claims
from workspace.directory.host_names import HostNames
from workspace.requests.cancellation import KEY, PLUGIN, Cancellation

OURS = request(id="ours")
DENIED = replace(OURS, state=RequestState.DENIED)
FROM_SLACK = replace(OURS, state=RequestState.APPROVED, resolve_reason="approved by bob from Slack")
MODEL = current_card_model(OURS, PlanContext())
ANNOUNCED = Entry(
    card_model=trim_card_model(MODEL),
    messages=(
        PostedMessage(
            slot=card_slot("C1"), channel="C1", ts="1", fingerprint=model_fingerprint(MODEL)
        ),
        PostedMessage(slot=notice_slot(Notice.CREATED), channel="D1", ts="2"),
    ),
)


@dataclass
class Channels:
    """Routes of every request, and what happens while they are looked up."""

    found: Routes = field(default_factory=lambda: Routes(("C1",)))
    meanwhile: Callable[[], Awaitable[object]] | None = None
    lookups: int = 0

    async def routes(self, _request: AccessRequest) -> Routes:
        self.lookups += 1
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            await meanwhile()
        return self.found


@dataclass
class Desk:
    teleport: MemoryTeleport
    requests: Follower[AccessRequest]
    ledger: Ledger
    in_flight: InFlightMessages
    channels: Channels
    expiry: RequestExpiry
    planner: RequestPlanner

    async def record(self, entry: Entry) -> None:
        await self.ledger.write(OURS.id, lambda _: entry)


@asynccontextmanager
async def desk_of(*requests: AccessRequest, listed: bool = False) -> AsyncIterator[Desk]:
    """Return a planner of requests that were read by name, or only `listed`."""
    teleport = MemoryTeleport()
    followed = await teleport.follow(*requests)
    if listed:
        await teleport.list_once(followed)
    teleport.requests.reads.clear()
    ledger = Ledger(teleport.client, "plugin", now=lambda: NOW)
    queue = RequestQueue(WorkQueue())
    in_flight = InFlightMessages(queue, ledger, refresh=followed.refresh, record_within=0)
    channels, expiry = Channels(), RequestExpiry(followed, teleport.kind)
    planner = RequestPlanner(
        requests=followed, ledger=ledger, routing=CombinedRouting(channels), expiry=expiry,
        in_flight=in_flight, context=PlanContext(), claims=Claims(teleport.client),
        cancellations=Cancellations(teleport.client),
        host_names=HostNames(teleport.client, "main"), locks=teleport.locks(), now=lambda: NOW,
    )  # fmt: skip
    yield Desk(teleport, followed, ledger, in_flight, channels, expiry, planner)
    in_flight.cancel()
    await in_flight.finish()


async def test_listed_request_is_read_before_anything_is_posted() -> None:
    """The server's cache may be older than the resolution."""
    async with desk_of(OURS, listed=True) as desk:
        desk.teleport.requests.stored[OURS.id] = DENIED
        planned = await desk.planner.plan(OURS.id)
        assert planned.plan.actions == (PostCard("C1"), SendNotice(Notice.DENIED))
        assert desk.teleport.requests.reads == [OURS.id]
        assert desk.in_flight.model(OURS.id).status is Status.DENIED


async def test_listed_request_without_actions_is_not_read() -> None:
    """Its model isn't shown either: a message in flight keeps the model of a confirmed plan."""
    async with desk_of(OURS, listed=True) as desk:
        await desk.record(ANNOUNCED)
        assert (await desk.planner.plan(OURS.id)).plan.actions == ()
        assert desk.teleport.requests.reads == []
        with pytest.raises(KeyError):
            desk.in_flight.model(OURS.id)


async def test_confirmed_request_is_not_read_again() -> None:
    async with desk_of(OURS) as desk:
        planned = await desk.planner.plan(OURS.id)
        assert planned.plan.actions == (PostCard("C1"), SendNotice(Notice.CREATED))
        assert desk.teleport.requests.reads == []
        assert desk.in_flight.model(OURS.id) == planned.plan.card_model


async def test_request_that_a_list_lacks_is_read_before_it_counts_as_deleted() -> None:
    for deleted in (False, True):
        async with desk_of(OURS) as desk:
            await desk.record(ANNOUNCED)
            desk.teleport.requests.unlisted.add(OURS.id)
            await desk.teleport.list_once(desk.requests)
            if deleted:
                desk.teleport.requests.stored.clear()
            planned = await desk.planner.plan(OURS.id)
            assert desk.teleport.requests.reads == [OURS.id]
            assert bool(planned.plan.actions) is deleted
            assert planned.plan.card_model is not None
            assert planned.plan.card_model.status is (Status.DELETED if deleted else Status.WAITING)


async def test_request_that_only_the_ledger_knows_is_read_before_it_counts_as_deleted() -> None:
    async with desk_of() as desk:
        desk.teleport.requests.stored[OURS.id] = OURS
        await desk.record(ANNOUNCED)
        planned = await desk.planner.plan(OURS.id)
        assert planned.plan.actions == ()
        assert desk.teleport.requests.reads == [OURS.id]
        assert desk.channels.lookups == 1


async def test_unknown_request_has_no_model() -> None:
    async with desk_of() as desk:
        planned = await desk.planner.plan(OURS.id)
        assert planned.plan.card_model is None
        with pytest.raises(KeyError):
            desk.in_flight.model(OURS.id)


async def test_request_is_confirmed_as_expired_once_when_it_is_due() -> None:
    """A request that Teleport lists hasn't expired, whatever the bot's clock shows."""
    due = replace(OURS, expires=NOW)
    async with desk_of(due) as desk:
        first = await desk.planner.plan(due.id)
        assert SendNotice(Notice.CREATED) in first.plan.actions
        desk.teleport.requests.unlisted.add(due.id)
        second = await desk.planner.plan(due.id)
        assert SendNotice(Notice.EXPIRED) in second.plan.actions
        reads = len(desk.teleport.requests.reads)
        assert (await desk.planner.plan(due.id)).plan == second.plan
        assert len(desk.teleport.requests.reads) == reads


async def test_request_that_changes_during_the_lookup_is_planned_again() -> None:
    async with desk_of(OURS) as desk:
        desk.teleport.requests.stored[OURS.id] = DENIED
        desk.channels.meanwhile = lambda: desk.requests.refresh(OURS.id)
        planned = await desk.planner.plan(OURS.id)
        assert SendNotice(Notice.DENIED) in planned.plan.actions
        assert desk.channels.lookups == 2


async def test_failed_lookup_of_recipients_leaves_the_known_ones() -> None:
    error = Unreachable("no answer")
    async with desk_of(OURS) as desk:
        desk.channels.found = Routes(("C1",), error)
        planned = await desk.planner.plan(OURS.id)
        assert (planned.error, planned.recipients_incomplete) == (error, True)
        assert PostCard("C1") in planned.plan.actions


async def test_failed_lookup_of_the_approver_leaves_the_recipients_complete() -> None:
    async with desk_of(FROM_SLACK) as desk:
        desk.teleport.plugin_data.unreachable = True
        planned = await desk.planner.plan(FROM_SLACK.id)
        assert isinstance(planned.error, Unreachable)
        assert not planned.recipients_incomplete
        assert PostCard("C1") in planned.plan.actions


async def test_slot_in_flight_gets_no_second_message() -> None:
    async with desk_of(OURS) as desk:
        sent = asyncio.get_running_loop().create_future()

        async def sending() -> DeliveryResult:
            await sent
            return DeliveryResult()

        desk.in_flight.start(OURS.id, card_slot("C1"), sending(), high_priority=True)
        planned = await desk.planner.plan(OURS.id)
        assert planned.plan.actions == (SendNotice(Notice.CREATED),)


async def test_undelivered_card_gets_the_id_of_its_channel_unless_it_is_being_sent() -> None:
    intent = Intent(
        slot=card_slot("#ops"), channel="#ops", key="k", at=NOW, undelivered=True,
        retry_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    other = Intent(slot=card_slot("C2"), channel="C2", key="l", at=NOW, undelivered=True)
    entry = Entry(card_model=trim_card_model(MODEL), intents=(other, intent))
    async with desk_of(OURS) as desk:
        await desk.record(entry)
        desk.channels.found = Routes(("C1",), ids={"#ops": "C1"})
        desk.in_flight.start(OURS.id, card_slot("#ops"), _never(), high_priority=True)
        assert (await desk.planner.plan(OURS.id)).plan.actions == (SendNotice(Notice.CREATED),)
        known = desk.ledger.get(OURS.id)
        assert known == replace(entry, updated_at=NOW)
    async with desk_of(OURS) as desk:
        await desk.record(entry)
        desk.channels.found = Routes(("C1",), ids={"#ops": "C1"})
        planned = await desk.planner.plan(OURS.id)
        assert planned.plan.actions == (PostCard("C1"), SendNotice(Notice.CREATED))
        known = desk.ledger.get(OURS.id)
        assert known is not None
        assert [each.slot for each in known.intents] == [card_slot("C2"), card_slot("C1")]


async def test_last_state_of_a_deleted_request_is_shown() -> None:
    """It was resolved just before, so the entry is older."""
    async with desk_of(OURS) as desk:
        await desk.record(ANNOUNCED)
        desk.teleport.requests.stored[OURS.id] = DENIED
        await desk.requests.refresh(OURS.id)
        desk.teleport.requests.stored.clear()
        await desk.requests.refresh(OURS.id)
        planned = await desk.planner.plan(OURS.id)
        assert SendNotice(Notice.DENIED) in planned.plan.actions
        assert any(isinstance(each, UpdateMessage) for each in planned.plan.actions)


async def _never() -> DeliveryResult:
    await asyncio.Event().wait()
    return DeliveryResult()


@pytest.mark.parametrize(("minutes_before", "status"), [(0, Status.CANCELLED), (2, Status.DELETED)])
async def test_cancellation_that_failed_does_not_explain_a_later_deletion(
    minutes_before: int, status: Status
) -> None:
    """The bot has seen the request after the attempt to delete it."""
    async with desk_of(OURS) as desk:
        await desk.record(ANNOUNCED)
        record = Cancellation(by=OURS.user, at=NOW - timedelta(minutes=minutes_before))
        await desk.teleport.client.plugin_data.update(
            PLUGIN, OURS.id, change={KEY: record.model_dump_json()}, expect={}
        )
        desk.teleport.requests.stored.pop(OURS.id)
        await desk.requests.refresh(OURS.id)
        planned = await desk.planner.plan(OURS.id)
        assert planned.plan.card_model is not None
        assert planned.plan.card_model.status is status

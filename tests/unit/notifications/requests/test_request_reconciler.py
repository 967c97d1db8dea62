"""One reconciliation: which messages it starts, what it records, and when it comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifications.delivery.message_delivery import RETRY_LATER_DELAY
from notifications.delivery.messages_in_flight import InFlightMessages
from notifications.following.follower import Follower
from notifications.notification_rules import PlanContext, current_card_model
from notifications.records.entry import Entry, Intent, PostedMessage, entry_from_json
from notifications.records.ledger import Ledger
from notifications.records.slots import card_slot, notice_slot
from notifications.records.trim import trim_card_model
from notifications.requests.confirmed_plan import RequestPlanner
from notifications.requests.expiry import RequestExpiry
from notifications.requests.followed_requests import request_key
from notifications.requests.plan_execution import RequestActions
from notifications.requests.reconciler import RequestReconciler
from notifications.requests.request_queue import RequestQueue
from notifications.routing.routes import CombinedRouting, Routes
from notifications.workqueue.reconcile_result import AgainAt, Done, Result, Retry, Started
from notifications.workqueue.work_queue import WorkQueue
from teleport_client.errors import Unreachable
from teleport_client.model.access_request import AccessRequest, RequestState
from tests.patience import PATIENCE_SECONDS
from tests.samples import NOW, request
from tests.unit.commands.test_outcome import slack_error
from tests.unit.notifications.delivery.memory_slack import MemorySlack, Sent
from tests.unit.notifications.requests.memory_teleport import MemoryTeleport
from workspace.card_model.notice import Notice
from workspace.card_model.status import Status
from workspace.directory.cancellations import Cancellations
from workspace.directory.claims import Claims
from workspace.directory.host_names import HostNames
from workspace.sending.send_queue import MessageRef, Priority

OURS = request(id="ours", expires=NOW + timedelta(hours=1))
DENIED = replace(OURS, state=RequestState.DENIED)
EXPIRY = AgainAt(NOW + timedelta(hours=1), high_priority=True)
ENTRY = Entry(card_model=trim_card_model(current_card_model(OURS, PlanContext())))
CARD = Sent("C1", "", Priority.NEW_REQUEST)
NOTICE = Sent("D1", "", Priority.DIRECT_MESSAGE)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Desk:
    teleport: MemoryTeleport
    slack: MemorySlack
    requests: Follower[AccessRequest]
    ledger: Ledger
    in_flight: InFlightMessages
    reconciler: RequestReconciler
    routes: Routes
    clock: Clock

    async def look(self, *, high_priority: bool = True) -> Result:
        return await self.reconciler.reconcile(request_key(OURS.id), high_priority)

    async def settle(self) -> Result:
        """Reconcile until no message is in flight."""
        while isinstance(result := await self.look(), Started):
            await self.in_flight.finish()
        return result

    async def record(self, entry: Entry) -> None:
        await self.ledger.write(OURS.id, lambda _: entry)

    @property
    def entry(self) -> Entry:
        entry = self.ledger.get(OURS.id)
        assert entry is not None
        return entry


class Channels:
    def __init__(self) -> None:
        self.desk: Desk | None = None

    async def routes(self, _request: AccessRequest) -> Routes:
        assert self.desk is not None
        return self.desk.routes


@asynccontextmanager
async def desk_of(stored: AccessRequest = OURS) -> AsyncIterator[Desk]:
    teleport, slack, channels = MemoryTeleport(), MemorySlack(), Channels()
    followed = await teleport.follow(stored)
    clock = Clock()
    ledger = Ledger(teleport.client, "plugin", now=clock)
    in_flight = InFlightMessages(
        RequestQueue(WorkQueue()), ledger, refresh=followed.refresh, record_within=0
    )
    expiry = RequestExpiry(followed, teleport.kind)
    locks = teleport.locks()
    planner = RequestPlanner(
        requests=followed, ledger=ledger, routing=CombinedRouting(channels), expiry=expiry,
        in_flight=in_flight, context=PlanContext(), claims=Claims(teleport.client),
        cancellations=Cancellations(teleport.client),
        host_names=HostNames(teleport.client, "main"), locks=locks, now=clock,
    )  # fmt: skip
    reconciler = RequestReconciler(
        requests=followed, ledger=ledger, planner=planner, expiry=expiry, in_flight=in_flight,
        actions=RequestActions(ledger, slack.delivery(clock), in_flight), locks=locks, now=clock,
    )  # fmt: skip
    desk = Desk(teleport, slack, followed, ledger, in_flight, reconciler, Routes(("C1",)), clock)
    channels.desk = desk
    async with asyncio.timeout(PATIENCE_SECONDS):
        yield desk
    in_flight.cancel()
    await in_flight.finish()


async def test_intents_are_stored_before_their_messages_are_sent() -> None:
    async with desk_of() as desk:
        desk.slack.may_send.clear()
        assert await desk.look() == Started()
        assert {each.slot for each in desk.entry.intents} == {"card:C1", "dm:created"}
        assert "card:C1" in desk.teleport.plugin_data.data[OURS.id]["entry"]
        desk.slack.may_send.set()
        await desk.in_flight.finish()
        assert desk.slack.without_keys() == [CARD, NOTICE]
        assert await desk.settle() == EXPIRY
        assert {each.slot: each.ts for each in desk.entry.messages} == {
            "card:C1": "1.0",
            "dm:created": "2.0",
        }
        assert desk.entry.intents == ()


async def test_priority_applies_to_new_cards_and_updates() -> None:
    async with desk_of() as desk:
        await desk.look(high_priority=False)
        await desk.in_flight.finish()
        desk.teleport.requests.stored[OURS.id] = DENIED
        await desk.requests.refresh(OURS.id)
        await desk.look(high_priority=False)
        await desk.in_flight.finish()
        assert {each.priority for each in desk.slack.sent} == {
            Priority.BACKLOG_REQUEST,
            Priority.DIRECT_MESSAGE,
            Priority.BACKLOG_UPDATE,
        }
        assert await desk.settle() == Done()


async def test_recovered_message_is_not_posted_again() -> None:
    """The result of the recovery decides about the rest of the plan."""
    intents = tuple(
        Intent(slot=card_slot(each), channel=each, key=each, at=NOW) for each in ("C1", "C2")
    )
    async with desk_of() as desk:
        desk.slack.history = {"C1": MessageRef("C1", "7.0")}
        desk.routes = Routes(("C1", "C2"))
        await desk.record(ENTRY.with_intents(intents))
        await desk.settle()
        assert desk.slack.without_keys() == [
            Sent("C1", "", Priority.CARD_UPDATE, ts="7.0"),
            replace(CARD, channel="C2"),
            NOTICE,
        ]


async def test_old_request_at_the_first_start_gets_only_a_record() -> None:
    old = replace(OURS, created=NOW - timedelta(days=3))
    async with desk_of(old) as desk:
        context = desk.reconciler.set_first_start(NOW - timedelta(hours=1))
        assert context.first_started == NOW - timedelta(hours=1)
        assert await desk.settle() == EXPIRY
        assert desk.slack.sent == []
        assert desk.entry.skipped_at == context.first_started


async def test_error_of_one_lookup_leaves_the_other_messages() -> None:
    error = Unreachable("no answer")
    async with desk_of() as desk:
        desk.slack.dm = error
        assert isinstance(await _raised(desk), Unreachable)
        await desk.in_flight.finish()
        assert desk.slack.without_keys() == [CARD]
        assert [each.slot for each in desk.entry.messages] == ["card:C1"]


async def _raised(desk: Desk) -> Exception | None:
    try:
        await desk.look()
    except Unreachable as error:
        return error
    return None


async def test_missing_recipients_are_recorded_until_all_are_found() -> None:
    error = Unreachable("no answer")
    async with desk_of() as desk:
        desk.routes = Routes(("C1",), error)
        assert await desk.look() == Retry(error)
        await desk.in_flight.finish()
        assert await desk.look() == Retry(error)
        recorded = [desk.entry.recipients_incomplete]
        desk.routes = Routes(("C1", "C2"))
        await desk.settle()
        assert [*recorded, desk.entry.recipients_incomplete] == [True, False]
        assert [each.channel for each in desk.slack.sent] == ["C1", "D1", "C2"]


async def test_requester_without_dms_is_recorded_and_asked_once() -> None:
    async with desk_of() as desk:
        desk.slack.dm = ""
        await desk.settle()
        assert desk.slack.known_dms == [""]
        unsent = desk.entry.message_for("dm:created")
        assert unsent == PostedMessage(slot="dm:created", channel="", ts="")


async def test_outcome_that_cannot_be_sent_is_recorded_without_another_message() -> None:
    async with desk_of(DENIED) as desk:
        await desk.settle()
        desk.teleport.requests.stored[OURS.id] = replace(OURS, state=RequestState.APPROVED)
        await desk.requests.refresh(OURS.id)
        desk.slack.dm = ""
        await desk.settle()
        await desk.settle()
        assert desk.slack.known_dms == ["", "D1"]


async def test_earlier_dm_is_known_to_the_lookup() -> None:
    """The user may be gone by now."""
    notice = PostedMessage(slot="dm:created", channel="D7", ts="1.0")
    async with desk_of(DENIED) as desk:
        await desk.record(ENTRY.with_message(notice))
        await desk.settle()
        assert desk.slack.known_dms == ["D7"]


def _waiting(retry_at: datetime) -> Entry:
    card = Intent(
        slot=card_slot("C1"), channel="C1", key="k", at=NOW, undelivered=True, retry_at=retry_at
    )
    notice = PostedMessage(slot="dm:created", channel="D1", ts="1.0")
    return ENTRY.with_intents((card,)).with_message(notice)


async def test_request_returns_at_the_earlier_of_retry_and_expiry() -> None:
    for minutes, again in ((5, AgainAt(NOW + timedelta(minutes=5))), (90, EXPIRY)):
        async with desk_of() as desk:
            await desk.record(_waiting(NOW + timedelta(minutes=minutes)))
            assert await desk.look() == again


async def test_expired_request_does_not_return() -> None:
    async with desk_of(replace(OURS, expires=NOW)) as desk:
        desk.teleport.requests.unlisted.add(OURS.id)
        assert await desk.settle() == Done()
        assert [each.slot for each in desk.entry.messages] == [
            "card:C1",
            notice_slot(Notice.EXPIRED),
        ]


async def test_decision_is_recorded_before_its_messages_can_be_sent() -> None:
    """The next leader knows it, even if the request is deleted first."""
    async with desk_of() as desk:
        await desk.settle()
        desk.teleport.requests.stored[OURS.id] = DENIED
        await desk.requests.refresh(OURS.id)
        desk.slack.may_send.clear()
        desk.slack.dm = Unreachable("no answer")
        assert isinstance(await _raised(desk), Unreachable)
        stored = desk.teleport.plugin_data.data[OURS.id]["entry"]
        assert entry_from_json(stored).card_model.status is Status.DENIED


async def test_list_from_an_old_cache_does_not_hide_a_decision() -> None:
    """The messages don't show the decision yet, so the list agrees with them."""
    async with desk_of() as desk:
        await desk.settle()
        desk.teleport.requests.stored[OURS.id] = DENIED
        await desk.requests.refresh(OURS.id)
        desk.teleport.requests.outdated[OURS.id] = OURS
        await desk.teleport.list_once(desk.requests)
        await desk.settle()
        assert desk.entry.card_model.status is Status.DENIED


async def _delete_while_archived(desk: Desk) -> None:
    await desk.settle()
    desk.slack.error = slack_error({"error": "is_archived"})
    desk.teleport.requests.stored.clear()
    await desk.requests.refresh(OURS.id)
    assert await desk.settle() == AgainAt(NOW + RETRY_LATER_DELAY)


async def test_archived_channel_shows_a_deleted_request_once_it_is_open_again() -> None:
    async with desk_of() as desk:
        await _delete_while_archived(desk)
        desk.slack.error = None
        desk.clock.now = NOW + RETRY_LATER_DELAY
        assert await desk.settle() == Done()
        assert "Deleted" in desk.slack.sent[-1].text


async def test_deleted_request_in_an_archived_channel_is_forgotten_after_a_day() -> None:
    async with desk_of() as desk:
        await _delete_while_archived(desk)
        desk.clock.now = NOW + timedelta(days=1, seconds=1)
        assert await desk.settle() == Done()
        assert desk.ledger.get(OURS.id) is None


async def test_deleted_request_is_forgotten_after_its_last_card() -> None:
    async with desk_of() as desk:
        await desk.settle()
        desk.teleport.requests.stored.clear()
        await desk.requests.refresh(OURS.id)
        assert await desk.settle() == Done()
        assert [each.channel for each in desk.slack.sent] == ["C1", "D1", "C1", "D1", "D1"]
        assert desk.ledger.get(OURS.id) is None
        assert desk.requests.last_known(OURS.id) is None

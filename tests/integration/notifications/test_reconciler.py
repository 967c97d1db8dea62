"""The reconciler between its parts; waiting messages don't block other requests."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bot.connect.slack_client import SlackClient, http_session
from notifications.delivery.history_lookup import History
from notifications.delivery.message_delivery import Delivery
from notifications.delivery.messages_in_flight import InFlightMessages
from notifications.following.follower import Follower
from notifications.locks.followed_locks import Locks
from notifications.locks.request_locks import RequestLocks
from notifications.notification_rules import PlanContext
from notifications.records.ledger import Ledger
from notifications.requests.confirmed_plan import RequestPlanner
from notifications.requests.expiry import RequestExpiry
from notifications.requests.followed_requests import AccessRequests, request_key
from notifications.requests.plan_execution import RequestActions
from notifications.requests.reconciler import RequestReconciler
from notifications.requests.request_queue import RequestQueue
from notifications.routing.recipient_lookup import RecipientFinder
from notifications.routing.recipients_by_role import Recipients
from notifications.routing.requester_dm import RequesterDm
from notifications.routing.reviewer_dms import SuggestedReviewers
from notifications.routing.routes import CombinedRouting
from notifications.routing.unreachable_recipients import UnreachableRecipients
from notifications.workqueue.key import Key
from notifications.workqueue.reconcile_result import Result
from notifications.workqueue.work_queue import WorkQueue
from sandbox import cast
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import APPROVED, DENIED
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.model.access_request import AccessRequest
from teleport_client.transport.dialer import dial
from teleport_client.visibility import Visibility
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import CHANNEL, Stage, decisions, words
from tests.patience import PATIENCE_SECONDS
from workspace.conditions import Conditions
from workspace.directory.cancellations import Cancellations
from workspace.directory.claims import Claims
from workspace.directory.contacts import Contacts
from workspace.directory.host_names import HostNames
from workspace.directory.user_directory import UserMapping
from workspace.sending.outbox import Outbox

_REST = timedelta(seconds=0.5)
"""Seconds until a rejected message is retried."""
_PACE = 0.5
"""Seconds between two messages to a channel."""


def mentions(name: str, card: dict[str, Any]) -> bool:
    return name in words(card)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """Reconciler with its dependencies, and an outbox that sends during `sending`."""

    stage: Stage
    requests: Follower[AccessRequest]
    queue: WorkQueue
    ledger: Ledger
    outbox: Outbox
    reconciler: RequestReconciler
    looks: dict[str, asyncio.Event] = field(default_factory=dict)

    async def look_at(self, request_id: str) -> None:
        """Simulate an event, and wait until it has been handled."""
        await self.requests.refresh(request_id)
        looked = self.looks[request_id] = asyncio.Event()
        self.queue.add(request_key(request_id))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await looked.wait()

    async def work(self, key: Key, high_priority: bool) -> Result:
        looked = self.looks.pop(key.name, None)
        try:
            return await self.reconciler.reconcile(key, high_priority)
        finally:
            if looked is not None:
                looked.set()

    async def stop_sending(self) -> None:
        self.outbox.stop()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.reconciler.finish()


@pytest.fixture
async def desk(slack: SlackStandIn, teleport: TeleportStandIn) -> AsyncIterator[Desk]:
    credentials = load_identity_file(teleport.identity("bot"), now())
    async with (
        TeleportClient(dial(teleport.address, lambda: credentials)) as client,
        http_session() as http,
    ):
        web = SlackClient(
            token=cast.BOT_TOKEN, base_url=slack.api_url, session=http, retry_handlers=[]
        )
        outbox = Outbox(
            web,
            Conditions().component("outbox"),
            may_send=lambda: True,
            seconds_between_posts=_PACE,
        )
        kind = AccessRequests(client, Visibility(client.roles, lambda: credentials.roles))
        requests = Follower(
            kind, reconnected=client.reconnected, condition=Conditions().component("watch")
        )
        queue, ledger = WorkQueue(), Ledger(client, "teleport-chatops/test", now=now)
        reconciler = build_reconciler(
            client, web, kind, requests=requests, queue=queue, ledger=ledger, outbox=outbox
        )
        queue.open()
        made = Desk(Stage(slack, teleport), requests, queue, ledger, outbox, reconciler)
        working = asyncio.create_task(queue.run(made.work))
        sending = asyncio.create_task(outbox.run())
        yield made
        for task in (working, sending):
            task.cancel()
        await asyncio.gather(working, sending, return_exceptions=True)


def build_reconciler(
    client: TeleportClient,
    web: SlackClient,
    kind: AccessRequests,
    *,
    requests: Follower[AccessRequest],
    queue: WorkQueue,
    ledger: Ledger,
    outbox: Outbox,
) -> RequestReconciler:
    """Return a reconciler with one recipient and without the permission to read history."""
    in_flight = InFlightMessages(RequestQueue(queue), ledger, refresh=requests.refresh)
    expiry = RequestExpiry(requests, kind)
    contacts = Contacts(web, client, UserMapping(team=cast.TEAM, trait=cast.SLACK_TRAIT))
    finder = RecipientFinder(web, team=cast.TEAM)
    recipients = Recipients(finder, UnreachableRecipients(), {"*": [CHANNEL]})
    delivery = Delivery(
        outbox,
        recipients,
        RequesterDm(contacts, finder),
        History(web, frozenset(), bot_id=cast.SLACK_BOT_ID),
        now=now,
        retry_later=_REST,
    )
    locks = RequestLocks(
        Follower(
            Locks(client),
            reconnected=client.reconnected,
            condition=Conditions().component("locks"),
        ),
        now,
    )
    planner = RequestPlanner(
        requests=requests,
        ledger=ledger,
        routing=CombinedRouting(recipients, SuggestedReviewers(contacts, finder)),
        expiry=expiry,
        in_flight=in_flight,
        context=PlanContext(),
        claims=Claims(client),
        cancellations=Cancellations(client),
        host_names=HostNames(client, "main"),
        locks=locks,
        now=now,
    )
    return RequestReconciler(
        requests=requests,
        ledger=ledger,
        planner=planner,
        actions=RequestActions(ledger, delivery, in_flight),
        expiry=expiry,
        in_flight=in_flight,
        locks=locks,
        now=now,
    )


async def test_waiting_messages_are_recorded_and_do_not_block(desk: Desk) -> None:
    """More requests than workers wait while Slack accepts none. All of them are recorded."""
    desk.stage.slack.faults.inject({"method": "chat.postMessage", "retry_after": 3600})
    ids = [
        pending_request(desk.stage.teleport, reason=f"redis {number}.").Metadata.Name
        for number in range(50)
    ]
    async with asyncio.timeout(PATIENCE_SECONDS):
        for request_id in ids:
            await desk.look_at(request_id)
    assert desk.ledger.ids == {*ids}
    entry = desk.ledger.get(ids[-1])
    assert entry is not None
    assert {intent.slot.split(":")[0] for intent in entry.intents} == {"card", "dm"}


async def test_cancelled_message_is_recorded_as_undelivered(desk: Desk) -> None:
    """The lease ends or the process stops.

    The next leader doesn't search for the message in Slack.
    """
    desk.stage.slack.faults.inject({"method": "chat.postMessage", "retry_after": 3600})
    request_id = pending_request(desk.stage.teleport, reason="redis 1.").Metadata.Name
    await desk.look_at(request_id)
    await desk.stage.slack.call_where(lambda call: call.status == 429)
    await desk.stop_sending()
    await desk.ledger.load()
    entry = desk.ledger.get(request_id)
    assert entry is not None
    assert [intent.undelivered for intent in entry.intents] == [True, True]


async def test_card_is_rendered_when_it_is_sent(desk: Desk) -> None:
    """A request resolved while its card waits is posted once, as resolved."""
    await desk.look_at(pending_request(desk.stage.teleport, reason="redis 1.").Metadata.Name)
    await desk.stage.card("redis 1.")
    request = pending_request(desk.stage.teleport, reason="redis 2.")
    await desk.look_at(request.Metadata.Name)
    desk.stage.teleport.cluster.requests.put(with_state(request, APPROVED))
    await desk.look_at(request.Metadata.Name)
    card = await desk.stage.card("redis 2.")
    assert "Approved" in words(card)
    assert not decisions(card)


async def test_card_is_updated_while_a_reply_waits(desk: Desk) -> None:
    """The reply waits for the channel's rate limit, and the update doesn't."""
    request = pending_request(desk.stage.teleport, reason="redis 1.")
    await desk.look_at(request.Metadata.Name)
    card = await desk.stage.card("redis 1.")
    desk.stage.slack.faults.inject({"method": "chat.postMessage", "retry_after": 3600})
    for reviewer in ("bob", "carol"):
        request.Spec.Reviews.add(Author=reviewer, ProposedState=DENIED)
        request = desk.stage.teleport.cluster.requests.put(request)
        await desk.look_at(request.Metadata.Name)
        await desk.stage.card_where(card["ts"], partial(mentions, reviewer))
    assert desk.stage.replies(card) == []


async def test_card_is_updated_after_its_channel_is_unarchived(desk: Desk) -> None:
    """The channel was archived at the resolution. Otherwise the buttons would stay."""
    request = pending_request(desk.stage.teleport, reason="redis 1.")
    await desk.look_at(request.Metadata.Name)
    card = await desk.stage.card("redis 1.")
    desk.stage.slack.faults.inject({"method": "chat.update", "error": "is_archived", "times": 2})
    desk.stage.teleport.cluster.requests.put(with_state(request, APPROVED))
    await desk.look_at(request.Metadata.Name)
    await desk.stage.card_where(card["ts"], partial(mentions, "Approved"))


async def test_card_rejected_with_an_unknown_error_is_retried(desk: Desk) -> None:
    """A resolved request is retried too, because each request is announced at least once."""
    fault = {"method": "chat.postMessage", "error": "never_heard_of", "times": 2}
    desk.stage.slack.faults.inject(fault)
    request = pending_request(desk.stage.teleport, reason="redis 1.")
    await desk.look_at(request.Metadata.Name)
    desk.stage.teleport.cluster.requests.put(with_state(request, APPROVED))
    await desk.look_at(request.Metadata.Name)
    await desk.stage.card("redis 1.")


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look up reviewers for each plan."""
    monkeypatch.setattr("notifications.routing.reviewer_dms._CACHE_SECONDS", 0)


@pytest.mark.usefixtures("forgetful")
async def test_request_deleted_during_a_lookup_gets_its_last_card(
    desk: Desk,
) -> None:
    """The plan was computed from the earlier state, and the entry must not be dropped."""
    teleport = desk.stage.teleport
    request = pending_request(teleport, reason="redis 1.", reviewers=["nobody-here"])
    request_id = request.Metadata.Name
    await desk.look_at(request_id)
    card = await desk.stage.card("redis 1.")
    await desk.stage.dm("alice", "is waiting")
    looked_up = len(teleport.journal.of("GetUser"))
    teleport.faults.add("GetUser", delay=0.5)
    looking = asyncio.create_task(desk.look_at(request_id))
    await teleport.journal.wait_for_call("GetUser", count=looked_up + 1)
    teleport.cluster.delete_request(request_id)
    await desk.requests.refresh(request_id)
    desk.queue.add(request_key(request_id))
    await looking
    await desk.stage.card_where(card["ts"], partial(mentions, "Deleted"))

"""Consequence of each Slack error, through the real outbox and delivery."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.connect.slack_client import CALL_SECONDS, SlackClient, http_session
from notifications.controller.lease import LeaseTiming
from notifications.delivery.delivery_result import DeliveryResult
from notifications.delivery.history_lookup import History
from notifications.delivery.message_delivery import LATEST_EFFECT, Delivery, PreparedPost
from notifications.notification_rules import UpdateMessage
from notifications.records.entry import UNKNOWN_FINGERPRINT, Entry, Intent, PostedMessage
from notifications.records.slots import card_slot
from notifications.routing.recipient_lookup import RecipientFinder
from notifications.routing.recipients_by_role import Recipients
from notifications.routing.requester_dm import RequesterDm
from notifications.routing.unreachable_recipients import UnreachableRecipients
from notifications.slot_fingerprints import model_fingerprint
from notifications.workqueue.work_queue import MAX_WORKERS
from sandbox import cast
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState as RequestStateOnWire
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.transport.dialer import dial
from tests.integration.bot_process import run_bot
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import CHANNEL, Stage, decisions, words
from workspace.card_model.build import build_card_model
from workspace.card_model.record import CardModel
from workspace.conditions import Conditions
from workspace.directory.contacts import Contacts
from workspace.directory.user_directory import UserMapping
from workspace.requests.review_policy import ReviewMode
from workspace.sending.fence import SendingStopped
from workspace.sending.outbox import Outbox
from workspace.sending.send_queue import MessageRef, Priority
from workspace.sending.slack_failure import (
    ANY_OTHER,
    NO_ANSWER,
    NO_CONNECTION,
    NOT_JSON,
    RULES,
    SLACK_ERRORS,
    Failure,
    PostFailureAction,
    UpdateFailureAction,
    classify,
    retry_delay,
)
from workspace.views.parts.message import text_message

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CHANNEL_ID = "C0ACCESS01"
_MANY = 3_000
ID = "0190c0de-0000-7000-8000-00000000abcd"
FAULTS: dict[str, dict[str, Any]] = {
    "ratelimited": {"error": "ratelimited", "retry_after": 0},
    "rate_limited": {"error": "rate_limited", "retry_after": 0},
    NO_ANSWER: {"drop_after_commit": True},
    NOT_JSON: {"page": "text/html", "status": 502},
    ANY_OTHER: {"error": "invalid_blocks"},
}


class Desk:
    """Outbox and delivery that post to the stand-in, with faults."""

    def __init__(self, slack: SlackStandIn, outbox: Outbox, delivery: Delivery) -> None:
        self.slack = slack
        self.outbox = outbox
        self._delivery = delivery
        self.error: Exception | None = None

    async def fail_next(self, method: str, row: str) -> None:
        if row == NO_CONNECTION:
            await self.slack.stop()
        else:
            fault = FAULTS.get(row, {"error": row})
            self.slack.faults.inject({"method": method, "times": 1, **fault})

    async def post(self, slot: str) -> Entry:
        """Post to the channel, and return the resulting record."""
        intent = Intent(slot=slot, channel=CHANNEL_ID, key="k1", at=NOW)
        posting = PreparedPost(intent, lambda _: text_message("Hello."), Priority.NEW_REQUEST)
        model = model_in(RequestState.PENDING)
        return await self._apply(self._delivery.post(ID, posting, lambda: model), intents=(intent,))

    async def update(self, shown: PostedMessage, model: CardModel) -> Entry:
        editing = self._delivery.update(ID, UpdateMessage(shown), lambda: model, high_priority=True)
        return await self._apply(editing, messages=(shown,))

    async def _apply(self, doing: Awaitable[DeliveryResult], **before: Any) -> Entry:
        outcome = await doing
        self.error = outcome.error
        return outcome.apply_to(Entry(card_model=model_in(RequestState.PENDING), **before))


@pytest.fixture
async def desk(slack: SlackStandIn, teleport: TeleportStandIn) -> AsyncIterator[Desk]:
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    async with (
        TeleportClient(dial(teleport.address, lambda: credentials)) as client,
        http_session() as http,
    ):
        web = SlackClient(
            token=cast.BOT_TOKEN, base_url=slack.api_url, session=http, retry_handlers=[]
        )
        outbox = Outbox(web, Conditions().component("outbox"), may_send=lambda: True)
        matching = UserMapping(team=cast.TEAM, trait=cast.SLACK_TRAIT)
        contacts = Contacts(web, client, matching)
        history = History(web, frozenset(), bot_id=cast.SLACK_BOT_ID)
        finder = RecipientFinder(web, team=cast.TEAM)
        recipients = Recipients(finder, UnreachableRecipients(), {})
        delivery = Delivery(
            outbox, recipients, RequesterDm(contacts, finder), history, now=lambda: NOW
        )
        sending = asyncio.create_task(outbox.run())
        yield Desk(slack, outbox, delivery)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


def model_in(state: RequestState) -> CardModel:
    until = NOW + timedelta(hours=8)
    made = AccessRequest(
        id=ID, user="alice", roles=("staging",), state=state,
        created=NOW, expires=until, access_until=until,
    )  # fmt: skip
    return build_card_model(made, request_url_base="", mode=ReviewMode.PERSON, cluster="main")


@pytest.mark.parametrize("slot", [card_slot(CHANNEL_ID), "dm:created"])
@pytest.mark.parametrize("row", RULES)
async def test_failed_post_follows_the_failure_policy(desk: Desk, row: str, slot: str) -> None:
    """Cover a card and a DM."""
    await desk.fail_next("chat.postMessage", row)
    entry = await desk.post(slot)
    shown, intent = entry.message_for(slot), next(iter(entry.intents), None)
    rule = RULES[row]
    match rule.card if slot.startswith("card:") else rule.dm:
        case PostFailureAction.WAIT:
            assert shown
            assert shown.ts
        case PostFailureAction.RETRY:
            assert intent
            assert (intent.undelivered, intent.retry_at) == (True, None)
            assert desk.error
        case PostFailureAction.CHECK_HISTORY:
            assert intent
            assert not intent.undelivered
            assert desk.error
        case PostFailureAction.RETRY_LATER:
            assert intent
            assert intent.undelivered
            assert intent.backing_off(NOW)
            assert desk.error is None
        case PostFailureAction.GIVE_UP:
            assert shown
            assert (shown.ts, desk.error) == ("", None)


@pytest.mark.parametrize("state", [RequestState.PENDING, RequestState.APPROVED])
@pytest.mark.parametrize("row", RULES)
async def test_failed_update_follows_the_failure_policy(
    desk: Desk, row: str, state: RequestState
) -> None:
    """Cover a pending and a resolved request."""
    slot, model = card_slot(CHANNEL_ID), model_in(state)
    posted = (await desk.post(slot)).message_for(slot)
    assert posted
    before = posted.with_fingerprint(UNKNOWN_FINGERPRINT)
    await desk.fail_next("chat.update", row)
    entry = await desk.update(before, model)
    replaced = any(each.undelivered for each in entry.intents) and entry.message_for(slot) is None
    match RULES[row].update:
        case UpdateFailureAction.WAIT | UpdateFailureAction.GIVE_UP:
            shown = entry.message_for(slot)
            assert shown
            assert (shown.ts, shown.fingerprint) == (before.ts, model_fingerprint(model))
            assert desk.error is None
        case UpdateFailureAction.RETRY:
            uncertain = RULES[row].failure is Failure.UNCERTAIN
            repeated = before.updated_uncertainly(NOW + LATEST_EFFECT)
            assert entry.message_for(slot) == (repeated if uncertain else before)
            assert desk.error
        case UpdateFailureAction.RETRY_LATER:
            shown = entry.message_for(slot)
            assert shown
            assert (shown.fingerprint, shown.backing_off(NOW)) == (before.fingerprint, True)
            assert desk.error is None
        case UpdateFailureAction.REPLACE:
            assert replaced
        case UpdateFailureAction.REPLACE_WHILE_WAITING:
            assert replaced is (state is RequestState.PENDING)


@pytest.mark.parametrize("error", ["edit_window_closed", "cant_update_message", "block_mismatch"])
async def test_card_that_cannot_be_updated_is_reposted(stage: Stage, error: str) -> None:
    """The old card keeps its buttons, so the new one shows the resolution."""
    request = pending_request(stage.teleport, reason="redis 1")
    old = await stage.card("redis 1")
    stage.slack.faults.inject({"method": "chat.update", "error": error})
    stage.teleport.cluster.requests.put(with_state(request, RequestStateOnWire.APPROVED))
    new = await stage.card("Approved")
    assert new["ts"] != old["ts"]
    assert decisions(new) == {}


async def test_deleted_card_of_a_pending_request_is_reposted(stage: Stage) -> None:
    """Otherwise reviewers wouldn't see the request."""
    request = pending_request(stage.teleport, reason="redis 1")
    old = await stage.card("redis 1")
    fault = {"method": "chat.update", "error": "message_not_found", "times": 1}
    stage.slack.faults.inject(fault)
    changed = with_state(request, RequestStateOnWire.PENDING)
    changed.Spec.Reviews.add(Author="dana", ProposedState=RequestStateOnWire.APPROVED)
    stage.teleport.cluster.requests.put(changed)
    await stage.slack.message_where(
        CHANNEL, "dana", lambda m: m["ts"] != old["ts"] and "redis 1" in words(m)
    )


async def test_timed_out_call_has_an_uncertain_outcome(slack: SlackStandIn) -> None:
    """It also ends before another replica can send."""
    times = LeaseTiming()
    assert times.duration - times.renew_deadline > CALL_SECONDS
    slack.faults.inject({"method": "chat.postMessage", "delay_ms": 2_000})
    async with sending(slack, lambda: True, seconds=0.2) as outbox:
        with pytest.raises(SLACK_ERRORS) as raised:
            await post(outbox, CHANNEL_ID)
        assert classify(raised.value) is Failure.UNCERTAIN


async def test_channels_without_waiting_messages_are_dropped(slack: SlackStandIn) -> None:
    """Otherwise memory would grow with each DM recipient."""
    async with sending(slack, lambda: True, seconds_between_posts=0.0) as outbox:
        for number in range(50):
            with suppress(SlackApiError):
                await post(outbox, f"D{number}")
        assert outbox.lanes <= 2


@pytest.mark.parametrize("last_look", [3, 4])
async def test_fence_is_checked_after_connecting_and_before_writing(
    slack: SlackStandIn, last_look: int
) -> None:
    """A process that was frozen sends nothing, on a new connection or an existing one."""
    lost = asyncio.Event()
    looks = 0

    def may_send() -> bool:
        nonlocal looks
        looks += 1
        return not (lost.is_set() and looks == 4 + last_look)

    async with sending(slack, may_send, seconds_between_posts=0.0) as outbox:
        await post(outbox, CHANNEL_ID)
        assert looks == 4, "asked to wait, to call, with a connection, and to write"
        lost.set()
        with pytest.raises(SendingStopped):
            await post(outbox, CHANNEL_ID)
    assert [call.method for call in slack.journal.calls].count("chat.postMessage") == 1


@asynccontextmanager
async def sending(
    slack: SlackStandIn,
    may_send: Callable[[], bool],
    *,
    seconds: float = CALL_SECONDS,
    seconds_between_posts: float = 1.0,
) -> AsyncIterator[Outbox]:
    """Run an outbox with the bot's session."""
    async with http_session(seconds=seconds) as http:
        web = SlackClient(
            token=cast.BOT_TOKEN, base_url=slack.api_url, session=http, retry_handlers=[]
        )
        outbox = Outbox(
            web,
            Conditions().component("outbox"),
            may_send=may_send,
            seconds_between_posts=seconds_between_posts,
        )
        running = asyncio.create_task(outbox.run())
        yield outbox
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def post(outbox: Outbox, channel: str) -> MessageRef:
    return await outbox.post(
        channel,
        partial(text_message, "Hello."),
        priority=Priority.NEW_REQUEST,
        request_id=ID,
        key="k",
    )


async def test_rate_limited_method_is_not_called_before_retry_after(
    slack: SlackStandIn,
) -> None:
    """Other methods are called."""
    slack.faults.inject({"method": "users.info", "retry_after": 300})
    async with http_session() as http:
        web = SlackClient(
            token=cast.BOT_TOKEN, base_url=slack.api_url, session=http, retry_handlers=[]
        )
        for user in ("U0ALICE001", "U0BOB00001"):
            with pytest.raises(SlackApiError) as raised:
                await web.users_info(user=user)
            assert classify(raised.value) is Failure.RATE_LIMITED
            assert retry_delay(raised.value) == pytest.approx(300, abs=5)
        await web.auth_test()
    assert [call.method for call in slack.journal.calls] == ["users.info", "auth.test"]


async def update(outbox: Outbox, posted: MessageRef, words: str, priority: Priority) -> None:
    await outbox.update(posted, partial(text_message, words), priority=priority)


async def test_updates_are_sequential_after_a_rate_limit(slack: SlackStandIn) -> None:
    """They follow the pace of posts. Parallel updates would all be rejected again."""
    pace, many = 0.3, 12
    async with sending(slack, lambda: True, seconds_between_posts=pace) as outbox:
        posted = await post(outbox, CHANNEL_ID)
        slack.faults.inject({"method": "chat.update", "retry_after": 0, "times": 1})
        await asyncio.gather(
            *(update(outbox, posted, f"{n}", Priority.CARD_UPDATE) for n in range(many))
        )
    calls = [call for call in slack.journal.calls if call.method == "chat.update"]
    assert [call.status for call in calls].count(429) == 1
    assert len(calls) == many + 1
    one_by_one = calls[-4:]
    gaps = [(later.ms - call.ms) / 1000 for call, later in pairwise(one_by_one)]
    assert all(gap > pace / 3 for gap in gaps), gaps


async def test_long_rate_limit_is_a_problem_while_a_message_waits(slack: SlackStandIn) -> None:
    async with sending(slack, lambda: True) as outbox:
        posted = await post(outbox, CHANNEL_ID)
        slack.faults.inject({"method": "chat.postMessage", "retry_after": 600})
        waiting = asyncio.create_task(post(outbox, "D1"))
        await slack.call_where(lambda call: call.status == 429)
        await update(outbox, posted, "while posts rest", Priority.CARD_UPDATE)
        readiness_checks = [outbox.long_rate_limit()]
        outbox.stop()
        await asyncio.gather(waiting, return_exceptions=True)
        readiness_checks.append(outbox.long_rate_limit())
    assert readiness_checks == ["Slack is rate limiting chat.postMessage for 600 s", ""]


async def test_waiting_message_is_not_starved_by_newer_ones(
    slack: SlackStandIn,
) -> None:
    """New requests go first in seven of eight cases."""
    async with sending(slack, lambda: True, seconds_between_posts=0.01) as outbox:
        older = post_sentence(outbox, "older", Priority.BACKLOG_REQUEST)
        reply = post_sentence(outbox, "reply", Priority.THREAD_REPLY)
        new = [post_sentence(outbox, "new", Priority.NEW_REQUEST) for _ in range(20)]
        await asyncio.gather(older, reply, *new)
    order = [call.args["text"] for call in slack.journal.calls]
    assert order.index("older") == 7
    assert order.index("reply") == 15
    assert order[:3] == ["new", "new", "new"]


async def test_updates_are_not_starved_by_posts(slack: SlackStandIn) -> None:
    """Each channel has its own rate, so there can be more posts than parallel calls."""
    async with sending(slack, lambda: True) as outbox:
        posted = await post(outbox, CHANNEL_ID)
        slack.faults.inject({"method": "chat.postMessage", "delay_ms": 100})
        posts = [asyncio.create_task(post(outbox, f"D{number}")) for number in range(30)]
        await asyncio.sleep(0)
        await update(outbox, posted, "decided", Priority.CARD_UPDATE)
        await asyncio.gather(*posts, return_exceptions=True)
    methods = [call.method for call in slack.journal.calls]
    assert methods.index("chat.update") < 8


async def post_sentence(outbox: Outbox, words: str, priority: Priority) -> None:
    await outbox.post(
        CHANNEL_ID, partial(text_message, words), priority=priority, request_id=ID, key="k"
    )


async def test_recently_resolved_card_is_updated_before_older_ones(
    slack: SlackStandIn,
) -> None:
    """After a start, many cards need an update."""
    async with sending(slack, lambda: True) as outbox:
        posted = await post(outbox, CHANNEL_ID)
        slack.faults.inject({"method": "chat.update", "delay_ms": 100})
        older = [update(outbox, posted, "older", Priority.BACKLOG_UPDATE) for _ in range(20)]
        await asyncio.gather(*older, update(outbox, posted, "live", Priority.CARD_UPDATE))
    sent = [call.args["text"] for call in slack.journal.calls if call.method == "chat.update"]
    assert sent.index("live") < sent.index("older", 16)


@pytest.mark.load
async def test_thousands_of_requests_do_not_fill_the_outbox(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """While Slack rejects calls, only about 32 requests have a card and a notice in memory."""
    for _ in range(_MANY):
        pending_request(teleport)
    slack.faults.inject({"method": "chat.postMessage", "retry_after": 3600})
    async with run_bot(settings_file) as (process, health):
        await process.event("slack_rate_limited")
        await teleport.journal.wait_for_call("UpdatePluginData", count=MAX_WORKERS, ended=True)
        measured = await health.metrics()
        assert _MANY - 2 * MAX_WORKERS <= measured["teleport_chatops_queue_depth"] < _MANY
        assert 0 < measured["teleport_chatops_outbox_depth"] <= 3 * MAX_WORKERS

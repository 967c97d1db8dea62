"""What a new leader skips, and with which priority it enqueues the rest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

from notifications.notification_rules import PlanContext
from notifications.records.entry import Entry, PostedMessage
from notifications.records.ledger import Ledger
from notifications.records.ledger_codec import ENTRY, REV
from notifications.records.trim import trim_card_model
from notifications.requests.reconciler import RequestReconciler
from notifications.requests.request_queue import RequestQueue
from notifications.requests.takeover import Takeover
from teleport_client.model.access_request import AccessRequest, RequestState
from tests.samples import model_of, request
from tests.unit.notifications.requests.memory_teleport import MemoryTeleport

NOW = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Desk:
    """Records the queue's keys and the first start that the reconciler gets."""

    def __init__(self) -> None:
        self.teleport = MemoryTeleport()
        self.added: dict[str, list[bool]] = {}
        self.first_starts: list[datetime] = []

    def add(self, request_id: str, *, high_priority: bool) -> None:
        self.added.setdefault(request_id, []).append(high_priority)

    def set_first_start(self, first_started: datetime) -> PlanContext:
        self.first_starts.append(first_started)
        return PlanContext(first_started=first_started)

    def store(self, made: AccessRequest, change: Callable[[Entry], Entry]) -> None:
        entry = change(Entry(card_model=trim_card_model(model_of(made))))
        self.teleport.plugin_data.data[made.id] = {REV: "1", ENTRY: entry.to_json()}

    async def takeover(self, *requests: AccessRequest) -> Takeover:
        return Takeover(
            requests=await self.teleport.follow(*requests),
            queue=cast("RequestQueue", self),
            ledger=Ledger(self.teleport.client, "plugin", now=lambda: NOW),
            reconciler=cast("RequestReconciler", self),
            now=lambda: NOW,
        )


def aged(name: str, age: timedelta, user: str = "alice") -> AccessRequest:
    return request(id=name, user=user, created=NOW - age)


async def test_first_start_returns_the_old_pending_requests() -> None:
    desk = Desk()
    closed = replace(aged("closed", timedelta(days=2)), state=RequestState.DENIED)
    old, new = aged("old", timedelta(days=2)), aged("new", MINUTE)
    takeover = await desk.takeover(old, new, closed)
    assert await takeover.load() == [old]
    assert desk.first_starts == [NOW]


async def test_later_start_skips_nothing_and_keeps_the_first_start() -> None:
    desk = Desk()
    old = aged("old", timedelta(days=2))
    first = NOW - timedelta(days=9)
    desk.store(old, lambda entry: replace(entry, skipped_at=first))
    assert await (await desk.takeover(old)).load() == []
    assert desk.first_starts == [first]


async def test_later_start_without_a_recorded_first_start_skips_nothing() -> None:
    desk = Desk()
    old = aged("old", timedelta(days=2))
    desk.store(old, lambda entry: entry)
    assert await (await desk.takeover(old)).load() == []
    assert desk.first_starts == []


async def test_request_of_the_last_minute_without_a_card_has_high_priority() -> None:
    desk = Desk()
    announced, deleted = aged("announced", MINUTE / 2), aged("deleted", MINUTE / 2)
    for each in (announced, deleted):
        card = PostedMessage(slot="card:C1", channel="C1", ts=each.id)
        desk.store(each, partial(Entry.with_message, message=card))
    requests = (aged("new", MINUTE / 2), aged("old", MINUTE), request(id="undated", created=None))
    takeover = await desk.takeover(*requests, announced)
    await takeover.load()
    takeover.enqueue_all()
    assert desk.added == {
        "new": [True],
        "old": [False],
        "undated": [False],
        "announced": [False, False],
        "deleted": [False],
    }


async def test_more_new_requests_than_a_channel_takes_are_backlog() -> None:
    """A channel takes one card a second."""
    for count in (60, 61):
        desk = Desk()
        flood = [aged(str(each), MINUTE / 2, user=str(each)) for each in range(count)]
        takeover = await desk.takeover(*flood)
        await takeover.load()
        takeover.enqueue_all()
        assert list(desk.added.values()) == [[count == 60]] * count

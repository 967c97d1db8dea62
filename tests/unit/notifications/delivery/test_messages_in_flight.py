"""When results of messages are stored, and when their request returns to the queue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from notifications.delivery.delivery_result import DeliveryResult
from notifications.delivery.messages_in_flight import InFlightMessages
from notifications.records.entry import Entry, Intent, PostedMessage
from notifications.records.ledger import Ledger
from notifications.records.trim import trim_card_model
from teleport_client.errors import NotFound, Unreachable
from tests.patience import PATIENCE_SECONDS
from tests.samples import NOW, sample_model
from tests.unit.notifications.requests.memory_teleport import MemoryTeleport

MODEL = sample_model()
ID = MODEL.id
INTENTS = tuple(
    Intent(slot=f"card:{each}", channel=each, key=each, at=NOW) for each in ("C1", "C2")
)


def posted(channel: str) -> DeliveryResult:
    message = PostedMessage(slot=f"card:{channel}", channel=channel, ts=f"{channel}.0")
    return DeliveryResult(message, fulfilled_key=channel)


@dataclass
class Desk:
    """Records what the queue gets, and which requests are read again."""

    teleport: MemoryTeleport = field(default_factory=MemoryTeleport)
    added: list[str] = field(default_factory=list)
    retried: list[tuple[Exception, bool]] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    record_within: float = 60.0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.teleport.client, "plugin", now=lambda: NOW)
        self.in_flight = InFlightMessages(
            self, self.ledger, refresh=self._refresh, record_within=self.record_within
        )
        self.results = {each: asyncio.get_running_loop().create_future() for each in ("C1", "C2")}

    def add(self, request_id: str, *, high_priority: bool = True) -> None:
        assert high_priority
        self.added.append(request_id)
        self.news.set()

    def retry(self, request_id: str, error: Exception, *, high_priority: bool) -> None:
        assert request_id == ID
        self.retried.append((error, high_priority))

    async def _refresh(self, request_id: str) -> None:
        self.refreshed.append(request_id)

    def start(self, *channels: str) -> None:
        for each in channels:
            self.in_flight.start(ID, f"card:{each}", self._send(each), high_priority=False)

    async def _send(self, channel: str) -> DeliveryResult:
        result: DeliveryResult = await self.results[channel]
        return result

    async def turns(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    @property
    def stored(self) -> tuple[str, bool, bool]:
        """Return the stored revision, and whether it contains each message."""
        data = self.teleport.plugin_data.data[ID]
        return data["rev"], "C1.0" in data["entry"], "C2.0" in data["entry"]


@asynccontextmanager
async def desk_of(record_within: float = 60.0) -> AsyncIterator[Desk]:
    desk = Desk(record_within=record_within)
    entry = Entry(card_model=trim_card_model(MODEL), intents=INTENTS)
    await desk.ledger.write(ID, lambda _: entry)
    desk.in_flight.set_model(ID, MODEL)
    async with asyncio.timeout(PATIENCE_SECONDS):
        yield desk
        desk.in_flight.cancel()
        await desk.in_flight.finish()


async def test_results_that_end_together_are_stored_in_one_write() -> None:
    """A plan can go on with the first result at once."""
    async with desk_of() as desk:
        desk.start("C1", "C2")
        assert set(desk.in_flight.slots(ID)) == {"card:C1", "card:C2"}
        desk.results["C1"].set_result(posted("C1"))
        await desk.turns()
        assert (desk.stored, desk.added) == (("1", False, False), [ID])
        assert set(desk.in_flight.slots(ID)) == {"card:C2"}
        assert desk.in_flight.recording(ID)
        entry = desk.ledger.get(ID)
        assert entry is not None
        assert [each.channel for each in entry.messages] == ["C1"]
        desk.results["C2"].set_result(posted("C2"))
        await desk.in_flight.finish()
        assert (desk.stored, desk.added) == (("2", True, True), [ID, ID])
        assert (len(desk.in_flight.slots(ID)), desk.in_flight.recording(ID)) == (0, False)


async def test_result_does_not_wait_long_for_other_messages() -> None:
    async with desk_of(record_within=0.01) as desk:
        desk.start("C1", "C2")
        desk.results["C1"].set_result(posted("C1"))
        while len(desk.added) < 2:
            desk.news.clear()
            await desk.news.wait()
        assert desk.stored == ("2", True, False)


async def test_results_wait_until_the_plan_has_started_all_messages() -> None:
    async with desk_of() as desk:
        with desk.in_flight.starting(ID):
            desk.start("C1")
            desk.results["C1"].set_result(posted("C1"))
            await desk.turns()
            assert desk.stored == ("1", False, False)
        await desk.in_flight.finish()
        assert (desk.stored, desk.added) == (("2", True, False), [ID])


async def test_failed_message_makes_the_queue_retry_its_request() -> None:
    """The results of the others are stored before that."""
    error = TimeoutError()
    async with desk_of() as desk:
        desk.start("C1", "C2")
        desk.results["C1"].set_result(DeliveryResult(error=error))
        desk.results["C2"].set_result(posted("C2"))
        await desk.in_flight.finish()
        assert desk.stored == ("2", False, True)
        assert desk.retried == [(error, False)]


async def test_first_error_of_several_messages_decides() -> None:
    first, second = TimeoutError("first"), TimeoutError("second")
    async with desk_of() as desk:
        desk.start("C1", "C2")
        for channel, error in (("C1", first), ("C2", second)):
            desk.results[channel].set_result(DeliveryResult(error=error))
            await desk.turns()
        await desk.in_flight.finish()
        assert desk.retried == [(first, False)]


async def test_unexpected_error_of_a_message_makes_the_queue_retry_its_request() -> None:
    error = KeyError("ours")
    async with desk_of() as desk:
        desk.start("C1")
        desk.results["C1"].set_exception(error)
        await desk.in_flight.finish()
        assert (desk.retried, desk.added) == ([(error, False)], [])


async def test_failed_write_makes_the_queue_retry_the_request() -> None:
    async with desk_of() as desk:
        desk.start("C1")
        desk.teleport.plugin_data.unreachable = True
        desk.results["C1"].set_result(posted("C1"))
        await desk.in_flight.finish()
        assert [type(error) for error, _ in desk.retried] == [Unreachable]
        assert desk.added == []


async def test_deleted_request_is_read_again_after_its_last_result() -> None:
    async with desk_of() as desk:

        async def gone(*_: object, **__: object) -> None:
            raise NotFound("no such request")

        desk.teleport.plugin_data.update = gone  # type: ignore[method-assign]
        desk.start("C1")
        desk.results["C1"].set_result(posted("C1"))
        await desk.in_flight.finish()
        assert (desk.refreshed, desk.added, desk.retried) == ([ID], [ID], [])


async def test_forgotten_request_has_no_model() -> None:
    async with desk_of() as desk:
        assert desk.in_flight.model(ID) == MODEL
        desk.in_flight.forget(ID)
        with pytest.raises(KeyError):
            desk.in_flight.model(ID)

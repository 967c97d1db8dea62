"""Faults on order, broken watches, and the journal of calls."""

import asyncio
from time import monotonic

import grpc
from grpc import StatusCode

from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.authservice_pb2 import INIT, Event, PingRequest, Watch
from teleport_client._proto.types_pb2 import APPROVED, PENDING, WatchKind
from tests.sandbox.teleport.standin_client import Auth, listed, refused, vote_for, wanted

WATCH = Watch(Kinds=[WatchKind(Kind="access_request")])


async def test_fault_applies_a_number_of_times(stand_in: TeleportStandIn, bot: Auth) -> None:
    """A fault strikes its method as often as ordered, and no other."""
    stand_in.faults.add("Ping", StatusCode.UNAVAILABLE, details="gone fishing", times=2)
    assert await listed(bot) == []
    for _ in range(2):
        assert await refused(bot.Ping(PingRequest())) == (StatusCode.UNAVAILABLE, "gone fishing")
    await bot.Ping(PingRequest())


async def test_removed_method_answers_as_an_older_server(
    stand_in: TeleportStandIn, bot: Auth
) -> None:
    """With the text of gRPC for Go, as often as it's called, until the faults are cleared."""
    stand_in.faults.remove_method("Ping")
    text = "unknown method Ping for service proto.AuthService"
    for _ in range(3):
        assert await refused(bot.Ping(PingRequest())) == (StatusCode.UNIMPLEMENTED, text)
    stand_in.faults.clear()
    await bot.Ping(PingRequest())


async def test_error_before_the_work(stand_in: TeleportStandIn, bot: Auth) -> None:
    """As a rule nothing has been done when the error comes."""
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    stand_in.faults.add("SubmitAccessReview", StatusCode.INTERNAL)
    await refused(bot.SubmitAccessReview(vote_for(made, "bob")))
    assert stand_in.cluster.requests[made.Metadata.Name].Spec.State == PENDING


async def test_answer_lost_after_the_work(stand_in: TeleportStandIn, bot: Auth) -> None:
    """After commit the work is done and only the answer is lost."""
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    stand_in.faults.add("SubmitAccessReview", StatusCode.UNAVAILABLE, after_commit=True)
    await refused(bot.SubmitAccessReview(vote_for(made, "bob")))
    assert stand_in.cluster.requests[made.Metadata.Name].Spec.State == APPROVED


async def test_slow_answer(stand_in: TeleportStandIn, bot: Auth) -> None:
    """A delay without a code only makes the answer late."""
    stand_in.faults.add("Ping", delay=0.2)
    before = monotonic()
    await bot.Ping(PingRequest())
    assert monotonic() - before >= 0.2


async def test_deadline(stand_in: TeleportStandIn, bot: Auth) -> None:
    """A client that does not wait long enough is noted as gone."""
    stand_in.faults.add("Ping", delay=30)
    code, _ = await refused(bot.Ping(PingRequest(), timeout=0.1))
    assert code == StatusCode.DEADLINE_EXCEEDED
    call = await stand_in.journal.wait_for_call("Ping", ended=True)
    assert call.code == StatusCode.CANCELLED


async def test_cleared_faults(stand_in: TeleportStandIn, bot: Auth) -> None:
    """Cleared faults have no effect."""
    stand_in.faults.add("Ping", StatusCode.UNAVAILABLE, times=5)
    stand_in.faults.clear()
    await bot.Ping(PingRequest())


async def test_late_init(stand_in: TeleportStandIn, bot: Auth) -> None:
    """A delayed watch starts late and misses no change after its INIT."""
    stand_in.faults.add("WatchEvents", delay=0.2)
    before = monotonic()
    stream = bot.WatchEvents(WATCH)
    event = await stream.read()
    assert isinstance(event, Event)
    assert (event.Type, monotonic() - before >= 0.2) == (INIT, True)


async def test_cut_with_an_error(stand_in: TeleportStandIn, bot: Auth) -> None:
    """All open watches end with the error ordered; new ones are not touched."""
    streams = [bot.WatchEvents(WATCH) for _ in range(2)]
    for stream in streams:
        await stream.read()
    stand_in.faults.cut_watches(StatusCode.UNAVAILABLE, "watcher is slow")
    for stream in streams:
        assert await refused(stream.read()) == (StatusCode.UNAVAILABLE, "watcher is slow")
    assert isinstance(await bot.WatchEvents(WATCH).read(), Event)


async def test_cut_without_an_error(stand_in: TeleportStandIn, bot: Auth) -> None:
    """A watch can also just end."""
    stream = bot.WatchEvents(WATCH)
    await stream.read()
    stand_in.faults.cut_watches()
    assert await stream.read() is grpc.aio.EOF


async def test_journal(stand_in: TeleportStandIn, bot: Auth, alice: Auth) -> None:
    """Every call is noted with its caller, its message and its end."""
    request = wanted("alice", "admin")
    await refused(alice.CreateAccessRequestV2(request))
    await bot.Ping(PingRequest())
    create, ping = stand_in.journal.calls
    assert (create.method, create.caller) == ("CreateAccessRequestV2", "alice")
    assert (create.request, create.code) == (request, StatusCode.INVALID_ARGUMENT)
    assert create.ended is not None
    assert create.started <= create.ended <= ping.started
    assert stand_in.journal.of("Ping") == [ping]


async def test_wait_for_call(stand_in: TeleportStandIn, bot: Auth) -> None:
    """A test can await the second call of a kind before it is made."""
    waiting = asyncio.create_task(stand_in.journal.wait_for_call("Ping", count=2))
    await bot.Ping(PingRequest())
    assert not waiting.done()
    await bot.Ping(PingRequest())
    assert await waiting is stand_in.journal.of("Ping")[1]

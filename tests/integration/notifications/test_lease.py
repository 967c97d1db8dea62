"""Who holds the lease, and how soon another one does when that one is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import grpc
import pytest

from notifications.controller.lease import Leadership, LeaseTiming
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.errors import Unreachable
from teleport_client.transport.dialer import dial
from tests.integration.slack_driver import TIMEOUT_SECONDS

_REPLACED_WITHIN = 30.0
"""Seconds, as promised in docs/reliability.md."""


@dataclass
class Line:
    """A way to the stand-in that can be cut, as a network does: without a word, for good."""

    to: str
    address: str = ""
    _ends: list[asyncio.StreamWriter] = field(default_factory=list)
    _cut: bool = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self.to.rsplit(":", 1)
        there, back = await asyncio.open_connection(host, int(port))
        self._ends += [writer, back]
        await asyncio.gather(self._copy(reader, back), self._copy(there, writer))

    def cut(self) -> None:
        """Swallow all that is sent from now on."""
        self._cut = True

    def close(self) -> None:
        for end in self._ends:
            end.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self._cut:
                writer.write(data)


@asynccontextmanager
async def line(teleport: TeleportStandIn) -> AsyncIterator[Line]:
    made = Line(teleport.address)
    server = await asyncio.start_server(made.carry, "127.0.0.1", 0)
    made.address = "127.0.0.1:{1}".format(*server.sockets[0].getsockname())
    async with server:
        yield made
        made.close()


@asynccontextmanager
async def connected(teleport: TeleportStandIn, address: str) -> AsyncIterator[TeleportClient]:
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    async with TeleportClient(dial(address, lambda: credentials)) as client:
        yield client


@pytest.fixture
async def client(teleport: TeleportStandIn) -> AsyncIterator[TeleportClient]:
    async with connected(teleport, teleport.address) as client:
        yield client


def leadership(client: TeleportClient, holder: str, *, scaled: float = 1.0) -> Leadership:
    times = LeaseTiming().scaled(scaled)
    return Leadership(client, "team", holder=holder, now=lambda: datetime.now(UTC), times=times)


@dataclass
class Work:
    """What a holder does: it is there until its lease ends."""

    under_way: asyncio.Event = field(default_factory=asyncio.Event)
    begun_at: float = 0.0
    ended_at: float = 0.0

    async def __call__(self) -> None:
        clock = asyncio.get_running_loop().time
        self.begun_at = clock()
        self.under_way.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended_at = clock()


@pytest.mark.timeout(60)
async def test_a_holder_cut_off_from_teleport_is_replaced_in_time(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """At life's own pace: it stops by its own clock before the next one may begin.

    To Teleport, one that was killed or stands still looks the same.
    """
    clock = asyncio.get_running_loop().time
    one, other = Work(), Work()
    async with line(teleport) as way, connected(teleport, way.address) as far:
        first = asyncio.create_task(leadership(far, "one").run(one))
        await one.under_way.wait()
        second = asyncio.create_task(leadership(client, "other").run(other))
        way.cut()
        cut_at = clock()
        async with asyncio.timeout(_REPLACED_WITHIN):
            await other.under_way.wait()
        assert cut_at < one.ended_at < other.begun_at < cut_at + _REPLACED_WITHIN
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)


async def test_a_lease_that_was_lost_is_taken_again(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """Nobody else is there who would notify."""
    work = Work()
    task = asyncio.create_task(leadership(client, "one", scaled=20).run(work))
    for _ in range(3):
        await work.under_way.wait()
        work.under_way.clear()
        teleport.cluster.semaphores.clear()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_a_lease_that_is_refused_once_does_not_make_a_replica_work_without_one(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """The others might do the same, and each would tell everything."""
    work, one = Work(), leadership(client, "one", scaled=10)
    teleport.faults.add("AcquireSemaphore", grpc.StatusCode.PERMISSION_DENIED)
    async with running(one, work):
        assert not one.standalone
        assert teleport.cluster.semaphores


async def test_a_right_to_leases_that_is_withdrawn_stops_a_replica_until_it_is_given_again(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """It had a lease before, so there may be others that have one now."""
    work, one = Work(), leadership(client, "one", scaled=10)
    async with running(one, work):
        work.under_way.clear()
        teleport.faults.add("AcquireSemaphore", grpc.StatusCode.PERMISSION_DENIED, times=5)
        teleport.cluster.semaphores.clear()
        asked = len(teleport.journal.of("AcquireSemaphore"))
        await teleport.journal.wait_for_call("AcquireSemaphore", count=asked + 4, ended=True)
        assert not work.under_way.is_set()
        assert "refused" in one.problem
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await work.under_way.wait()
        assert one.held
        assert not one.standalone


async def test_a_right_to_leases_that_is_withdrawn_makes_no_waiting_replica_work(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """It had none itself, and knows all the same that there are leases."""
    first, waiting = Work(), Work()
    one, other = leadership(client, "one"), leadership(client, "other", scaled=10)
    async with running(one, first):
        task = asyncio.create_task(other.run(waiting))
        # Taken; then refused more often than it takes to believe that there are none.
        await teleport.journal.wait_for_call("AcquireSemaphore", count=2, ended=True)
        teleport.faults.add("AcquireSemaphore", grpc.StatusCode.PERMISSION_DENIED, times=9)
        await teleport.journal.wait_for_call("AcquireSemaphore", count=6, ended=True)
        assert not waiting.under_way.is_set()
        assert "refused" in other.problem
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_replica_that_works_without_a_lease_takes_one_once_it_can(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    work, one = Work(), leadership(client, "one", scaled=10)
    teleport.faults.add("AcquireSemaphore", grpc.StatusCode.PERMISSION_DENIED, times=2)
    async with running(one, work):
        without = one.standalone, bool(teleport.cluster.semaphores)
        work.under_way.clear()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await work.under_way.wait()
        assert without == (True, False)
        assert (one.standalone, bool(teleport.cluster.semaphores)) == (False, True)


@asynccontextmanager
async def running(leads: Leadership, work: Work) -> AsyncIterator[None]:
    """Until the end of the block, which is entered once the work is under way."""
    task = asyncio.create_task(leads.run(work))
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await work.under_way.wait()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_stop_in_the_middle_of_a_failure_is_a_stop(client: TeleportClient) -> None:
    """What is under way fails as it is asked to end; the bot must not begin anew."""
    working = asyncio.Event()

    async def work() -> None:
        working.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise Unreachable("Teleport restarts")

    task = asyncio.create_task(leadership(client, "one").run(work))
    await working.wait()
    task.cancel()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()

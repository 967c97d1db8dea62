"""Lease holders, and the time until another replica takes over."""

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
from tests.patience import PATIENCE_SECONDS
from workspace.conditions import Conditions

_REPLACED_WITHIN = 30.0
"""Seconds, as guaranteed in docs/reliability.md."""


@dataclass
class Line:
    """Connection to the stand-in that can be cut silently and permanently, like a network."""

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
        """Drop all bytes from now on."""
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
async def connect(teleport: TeleportStandIn, address: str) -> AsyncIterator[TeleportClient]:
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    async with TeleportClient(dial(address, lambda: credentials)) as client:
        yield client


@pytest.fixture
async def client(teleport: TeleportStandIn) -> AsyncIterator[TeleportClient]:
    async with connect(teleport, teleport.address) as client:
        yield client


def leadership(client: TeleportClient, holder: str, *, scaled: float = 1.0) -> Leadership:
    times = LeaseTiming().scaled(scaled)
    return Leadership(
        client,
        "team",
        holder=holder,
        now=lambda: datetime.now(UTC),
        condition=Conditions().component("lease"),
        times=times,
    )


@dataclass
class Work:
    """Task of a leader, which runs until its lease ends."""

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


async def test_leader_cut_off_from_teleport_is_replaced_in_time(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """The leader stops by its own clock before the next one can start.

    The test uses the production timing. A killed or frozen leader looks the same to Teleport.
    """
    clock = asyncio.get_running_loop().time
    one, other = Work(), Work()
    async with line(teleport) as way, connect(teleport, way.address) as far:
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


async def test_lost_lease_is_acquired_again(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """There is only one replica."""
    work = Work()
    task = asyncio.create_task(leadership(client, "one", scaled=20).run(work))
    for _ in range(3):
        await work.under_way.wait()
        work.under_way.clear()
        teleport.cluster.semaphores.clear()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_one_rejected_lease_does_not_lead_to_standalone_mode(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """Other replicas could do the same, and each would post every message."""
    work, one = Work(), leadership(client, "one", scaled=10)
    teleport.faults.add("AcquireSemaphore", grpc.StatusCode.PERMISSION_DENIED)
    async with run_election(one, work):
        assert not one.standalone
        assert teleport.cluster.semaphores


async def test_leader_without_lease_permission_stops_until_it_returns(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """It had a lease before, so another replica can hold one now."""
    work, one = Work(), leadership(client, "one", scaled=10)
    async with run_election(one, work):
        work.under_way.clear()
        teleport.faults.add("AcquireSemaphore", grpc.StatusCode.PERMISSION_DENIED, times=5)
        teleport.cluster.semaphores.clear()
        calls = len(teleport.journal.of("AcquireSemaphore"))
        await teleport.journal.wait_for_call("AcquireSemaphore", count=calls + 4, ended=True)
        assert not work.under_way.is_set()
        assert "refused" in one.condition.reason
        async with asyncio.timeout(PATIENCE_SECONDS):
            await work.under_way.wait()
        assert one.held
        assert not one.standalone


async def test_waiting_replica_without_lease_permission_stays_idle(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """It never held a lease, but it knows that the cluster supports them."""
    first, waiting = Work(), Work()
    one, other = leadership(client, "one"), leadership(client, "other", scaled=10)
    async with run_election(one, first):
        task = asyncio.create_task(other.run(waiting))
        # The lease is taken. Then it is rejected more often than the limit for standalone mode.
        await teleport.journal.wait_for_call("AcquireSemaphore", count=2, ended=True)
        teleport.faults.add("AcquireSemaphore", grpc.StatusCode.PERMISSION_DENIED, times=9)
        await teleport.journal.wait_for_call("AcquireSemaphore", count=6, ended=True)
        assert not waiting.under_way.is_set()
        assert "refused" in other.condition.reason
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_standalone_replica_acquires_a_lease_when_possible(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    work, one = Work(), leadership(client, "one", scaled=10)
    teleport.faults.add("AcquireSemaphore", grpc.StatusCode.PERMISSION_DENIED, times=2)
    async with run_election(one, work):
        without = one.standalone, bool(teleport.cluster.semaphores)
        work.under_way.clear()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await work.under_way.wait()
        assert without == (True, False)
        assert (one.standalone, bool(teleport.cluster.semaphores)) == (False, True)


@asynccontextmanager
async def run_election(leads: Leadership, work: Work) -> AsyncIterator[None]:
    """Run the election; enter the block once the task is running."""
    task = asyncio.create_task(leads.run(work))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await work.under_way.wait()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_stop_during_a_failure_ends_the_replica(client: TeleportClient) -> None:
    """Work in flight fails because of the stop. The bot must not restart it."""
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
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()

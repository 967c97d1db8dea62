"""When a replica may send, by a clock and a Teleport that the test controls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest

from notifications.controller.lease import Leadership, LeaseTiming
from teleport_client.client import TeleportClient
from teleport_client.errors import LimitExceeded, PermissionDenied, TeleportError, Unreachable
from teleport_client.model.cluster import Lease
from tests.patience import PATIENCE_SECONDS
from workspace.backoff import Backoff
from workspace.conditions import Conditions

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SOON = LeaseTiming(renew_interval=0.001, backoff=Backoff(first=60, longest=60))


@dataclass
class Desk:
    """Answers calls for leases with these errors, and then with leases."""

    errors: list[TeleportError] = field(default_factory=list)
    denied: bool = False
    clock: float = 1000.0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    worked: asyncio.Event = field(default_factory=asyncio.Event)
    failure: asyncio.Future[None] = field(default_factory=asyncio.Future)

    @property
    def semaphores(self) -> "Desk":
        return self

    async def acquire(
        self, kind: str, name: str, *, holder: str, expires: datetime, deadline: float
    ) -> Lease:
        assert deadline > 0
        if self.errors:
            raise self.errors.pop(0)
        if self.denied:
            raise PermissionDenied("no verbs")
        assert holder
        return Lease(kind, name, "id", expires)

    async def renew(self, _lease: Lease, **_: object) -> Lease:
        raise Unreachable("no answer")

    async def cancel(self, _lease: Lease, **_: object) -> None:
        self.released.set()

    async def work(self) -> None:
        self.worked.set()
        await self.failure


@asynccontextmanager
async def leading(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, times: LeaseTiming
) -> AsyncIterator[Leadership]:
    monkeypatch.setattr("notifications.controller.lease.monotonic", lambda: desk.clock)
    leadership = Leadership(
        cast("TeleportClient", desk), "T1", holder="replica", now=lambda: NOW,
        condition=Conditions().component("lease"), times=times,
    )  # fmt: skip
    running = asyncio.create_task(leadership.run(desk.work))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield leadership
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_leader_may_send_until_the_deadline_of_its_last_renewal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It doesn't depend on the renewal that fails later."""
    desk = Desk()
    async with leading(desk, monkeypatch, LeaseTiming()) as leadership:
        assert not leadership.held
        await desk.worked.wait()
        held = []
        for seconds in (0, 9.9, 0.1):
            desk.clock += seconds
            held.append(leadership.held)
        assert held == [True, True, False]
        assert not leadership.standalone


async def test_replica_whose_work_failed_may_not_send_and_returns_the_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    async with leading(desk, monkeypatch, SOON) as leadership:
        await desk.worked.wait()
        desk.failure.set_exception(Unreachable("no answer"))
        await desk.released.wait()
        assert not leadership.held
        assert leadership.condition.reason == "no answer"


async def test_replica_leads_standalone_after_two_denials_in_a_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(denied=True)
    async with leading(desk, monkeypatch, SOON) as leadership:
        await desk.worked.wait()
        assert leadership.standalone
        desk.clock += 3600
        assert leadership.held


async def test_denied_replica_that_saw_a_lease_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another replica may still hold it."""
    denials: list[TeleportError] = [PermissionDenied("no verbs") for _ in range(4)]
    desk = Desk([LimitExceeded("held"), *denials])
    async with leading(desk, monkeypatch, SOON) as leadership:
        await desk.worked.wait()
        assert desk.errors == []
        assert (leadership.held, leadership.standalone) == (True, False)

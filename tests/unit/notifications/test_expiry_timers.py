"""Times at which a request changes without an event."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from notifications.controller.expiry_timers import ExpiryTimers
from teleport_client.model.access_request import AccessRequest, RequestState

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def pending_request(request_id: str, *, until: datetime) -> AccessRequest:
    return AccessRequest(
        id=request_id, user="alice", roles=("dev",), state=RequestState.PENDING, expires=until
    )


class Desk:
    def __init__(self) -> None:
        self.now = NOW
        self.rung: asyncio.Queue[str] = asyncio.Queue()
        self.expiry_timers = ExpiryTimers(self.rung.put_nowait, now=lambda: self.now)

    async def at(self, moment: datetime) -> list[str]:
        """Return the IDs reported until then; "last" follows other IDs that are due then."""
        self.now = moment - SECOND
        self.expiry_timers.schedule(pending_request("last", until=moment))
        self.now = moment
        self.expiry_timers.schedule(pending_request("wake", until=moment + timedelta(days=1)))
        found: list[str] = []
        while "last" not in found:
            found.append(await self.rung.get())
        return found[:-1]


@asynccontextmanager
async def run_timers() -> AsyncIterator[Desk]:
    desk = Desk()
    task = asyncio.create_task(desk.expiry_timers.run())
    async with asyncio.timeout(5):
        yield desk
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_request_is_reported_when_it_is_due() -> None:
    async with run_timers() as desk:
        desk.expiry_timers.schedule(pending_request("a", until=NOW + 60 * SECOND))
        assert await desk.at(NOW + 59 * SECOND) == []
        assert await desk.at(NOW + 60 * SECOND) == ["a"]


async def test_overdue_request_is_reported_with_growing_delays() -> None:
    """Teleport still lists the request, because the local clock can be ahead of Teleport's."""
    overdue = pending_request("a", until=NOW - 20 * SECOND)
    async with run_timers() as desk:
        for _ in range(3):
            desk.expiry_timers.schedule(overdue)
        assert await desk.at(NOW + 19 * SECOND) == []
        assert await desk.at(NOW + 20 * SECOND) == ["a"]
        desk.expiry_timers.schedule(overdue)
        assert await desk.at(NOW + 59 * SECOND) == []
        assert await desk.at(NOW + 60 * SECOND) == ["a"]


async def test_long_overdue_request_is_reported_every_five_minutes() -> None:
    overdue = pending_request("a", until=NOW - timedelta(days=9))
    async with run_timers() as desk:
        desk.expiry_timers.schedule(overdue)
        assert await desk.at(NOW + timedelta(minutes=5)) == ["a"]

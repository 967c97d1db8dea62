"""The current access requests, as a copy that follows Teleport.

Level-triggered: it reports the ids of requests that changed and nothing of what changed. A watch
tells everything from its start on, a list what was before; after any break both are done again.
Lists come from a cache of the server's that may be older than an event already seen, so what a list
alone says is marked as such, to be read again by id before anything is shown.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from itertools import chain, repeat
from time import monotonic

import structlog

from notifications.controller.user_rate_limit import newcomers
from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound, TeleportError
from teleport_client.model.access_request import AccessRequest
from teleport_client.services.visibility import NotVisible, Visibility
from teleport_client.services.watch import RequestDeleted, RequestPut, WatchEvent

RELIST_SECONDS = 300.0
RELIST_SOON_SECONDS = 15.0
"""After a watch was opened: its first list may come from a cache that lacks what was made just
before, and of that the watch does not tell."""
_MOST_GONE = 10_000
_MOST_LOOKED_FOR = 200
"""Requests, one after the other, at each further list."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Source(Enum):
    """Where our copy of a request comes from."""

    FRESH = "event_or_read"
    LIST = "list"
    """Or known from before the watch was opened: perhaps older than what there is."""
    MISSING = "not_listed"
    """Known from before, and missing in a list: perhaps gone, perhaps too new."""


@dataclass(frozen=True, slots=True)
class CachedRequest:
    request: AccessRequest
    source: Source
    expired: bool = False
    """Teleport still has it and no longer lists it."""


@dataclass(eq=False, slots=True)
class _Read:
    """A request that is being read by id."""

    request_id: str
    superseded: bool = False
    """An event came in meanwhile."""


@dataclass(frozen=True, slots=True)
class WatchBackoff:
    """Seconds between two watches. The pause grows until a watch lived for `steady` seconds.

    Each new watch costs the server a list of all requests.
    """

    first: float = 0.5
    longest: float = 15.0
    steady: float = 15.0

    def scaled(self, factor: float) -> "WatchBackoff":
        return WatchBackoff(self.first / factor, self.longest / factor, self.steady / factor)


class WatchEnded(Exception):
    """The server ended the watch without an error."""


class ConnectionReplaced(Exception):
    """The connection was renewed; the watch goes on on the new one."""


class Mirror:
    """Runs for as long as the process does, whoever holds the lease.

    `changed(id, live)` is called for each request that may differ from before; `live` tells news
    from the backlog that a list brings, and from what one person makes too much of. `visibility`
    tells what is gone from what is only hidden.
    """

    def __init__(
        self,
        teleport: TeleportClient,
        changed: Callable[[str, bool], None],
        *,
        visibility: Visibility,
        relist_seconds: float = RELIST_SECONDS,
        relist_soon_seconds: float = RELIST_SOON_SECONDS,
        backoff: WatchBackoff | None = None,
    ) -> None:
        self._teleport = teleport
        self._changed = changed
        self._visibility = visibility
        self._relist_seconds = relist_seconds
        self._relist_soon_seconds = relist_soon_seconds
        self._backoff = backoff or WatchBackoff()
        self._seen: dict[str, CachedRequest] = {}
        self._gone: OrderedDict[str, AccessRequest] = OrderedDict()
        """As they were last, until somebody forgets them; the newest only."""
        self._reads: list[_Read] = []
        self._newcomers = newcomers()
        self._changed_since_list: set[str] = set()
        """Requests that had an event since the last list was asked for."""
        self._watching_since = 0.0
        """Monotonic time at which the last watch had been listed after."""
        self.synced = asyncio.Event()
        """Set once everything has been listed for the first time."""
        self.problem = "not synced yet"
        """Why the copy may be behind; empty while the watch stands."""

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def watching(self) -> bool:
        return not self.problem

    def get(self, request_id: str) -> CachedRequest | None:
        return self._seen.get(request_id)

    def last_known(self, request_id: str) -> AccessRequest | None:
        """How a request was when it went: it may have been decided just before."""
        return self._gone.get(request_id)

    def forget(self, request_id: str) -> None:
        """Let go of how a request was that is gone."""
        self._gone.pop(request_id, None)

    def requests(self) -> list[AccessRequest]:
        return [seen.request for seen in self._seen.values()]

    async def refresh(self, request_id: str) -> AccessRequest | None:
        """Read one request from Teleport's storage, None when it is gone. Raises TeleportError.

        An event that comes in meanwhile is newer than what was read.
        """
        read = _Read(request_id)
        self._reads.append(read)
        found: AccessRequest | None = None
        try:
            found = await self._teleport.request(request_id)
        except NotFound:
            await self._visibility.check_missing()
        finally:
            self._reads.remove(read)
        if not read.superseded:
            self._keep(request_id, found)
        seen = self._seen.get(request_id)
        return seen.request if seen else None

    async def confirm_end(self, request_id: str) -> None:
        """Ask Teleport whether the time of a request has passed. Raises TeleportError.

        Teleport's lists leave an expired request out by Teleport's own clock. A read by ID returns
        it until it is deleted: a pending one 40 s later or more. Servers before 18 delete at once.
        """
        request = await self.refresh(request_id)
        seen = self._seen.get(request_id)
        if request is None or seen is None:
            return
        listed = await self._teleport.requests(user=request.user)
        await self._visibility.check_list()
        unchanged = self._seen.get(request_id) is seen
        if unchanged and all(each.id != request_id for each in listed):
            self._seen[request_id] = replace(seen, expired=True)

    async def run(self) -> None:
        """Follow Teleport until cancelled, through every break."""
        pause = self._backoff.first
        while True:
            # From before the watch is opened, so that no renewal falls in between.
            renewed = asyncio.create_task(self._teleport.renewed())
            try:
                async with self._teleport.watch_requests() as events:
                    await self._follow(events, renewed)
            except ConnectionReplaced:
                log.info("watch_reconnect_started")
                continue
            except (TeleportError, WatchEnded) as error:
                if self.watching and monotonic() - self._watching_since >= self._backoff.steady:
                    pause = self._backoff.first
                self.problem = f"the watch ended: {error}"
                log.warning("watch_ended", error=str(error), retry_in_seconds=round(pause, 1))
            finally:
                renewed.cancel()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - only spreads load
            pause = min(pause * 2, self._backoff.longest)

    async def _follow(
        self, events: AsyncIterator[WatchEvent], renewed: "asyncio.Task[None]"
    ) -> None:
        """Keep what arrives while listing, and apply it after the list."""
        arrived: asyncio.Queue[WatchEvent | Exception] = asyncio.Queue()
        helpers = [
            asyncio.create_task(_read_into(arrived, events)),
            asyncio.create_task(_move_when(renewed, arrived)),
        ]
        try:
            listed = await self._list()
            self._mark_all_stale()
            self._apply_list(listed)
            self.problem = ""
            self._watching_since = monotonic()
            self.synced.set()
            log.info("watch_started", request_count=len(self._seen))
            helpers.append(asyncio.create_task(self._relist_for_ever(arrived)))
            while True:
                event = await arrived.get()
                if isinstance(event, Exception):
                    raise event
                self._apply_event(event)
        finally:
            for helper in helpers:
                helper.cancel()

    async def _relist_for_ever(self, arrived: "asyncio.Queue[WatchEvent | Exception]") -> None:
        for pause in chain((self._relist_soon_seconds,), repeat(self._relist_seconds)):
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - only spreads load
            self._changed_since_list.clear()
            try:
                self._apply_list(await self._list(), except_for=self._changed_since_list)
                await self._refresh_missing()
            except NotVisible as error:
                arrived.put_nowait(error)
                return
            except TeleportError as error:
                log.warning("relist_failed", error=str(error))
            except Exception as error:  # noqa: BLE001 - handed over to whoever follows
                arrived.put_nowait(error)
                return

    async def _refresh_missing(self) -> None:
        """A replica that does not notify has nobody else to find out what is gone."""
        missing = [each for each, seen in self._seen.items() if seen.source is Source.MISSING]
        for request_id in missing[:_MOST_LOOKED_FOR]:
            if await self.refresh(request_id) is None:
                self._changed(request_id, False)

    async def _list(self) -> tuple[AccessRequest, ...]:
        """List everything. Looked at after the list, the right to see it held for the list too."""
        listed = tuple(await self._teleport.requests())
        await self._visibility.check_list()
        return listed

    def _apply_event(self, event: WatchEvent) -> None:
        match event:
            case RequestPut(request):
                high_priority = request.id in self._seen or self._newcomers.allow(request.user)
                self._keep(request.id, request)
                self._touch(request.id, high_priority=high_priority)
            case RequestDeleted(request_id):
                self._keep(request_id, None)
                self._touch(request_id, high_priority=True)

    def _keep(self, request_id: str, request: AccessRequest | None) -> None:
        if request is None:
            if (seen := self._seen.pop(request_id, None)) is not None:
                self._gone[request_id] = seen.request
            if len(self._gone) > _MOST_GONE:
                self._gone.popitem(last=False)
        else:
            self._gone.pop(request_id, None)
            self._seen[request_id] = CachedRequest(request, Source.FRESH)

    def _touch(self, request_id: str, *, high_priority: bool) -> None:
        self._changed_since_list.add(request_id)
        for read in self._reads:
            read.superseded = read.superseded or read.request_id == request_id
        self._changed(request_id, high_priority)

    def _mark_all_stale(self) -> None:
        """Of what is known from before a break nothing tells how old it is, nor does a list."""
        for request_id, seen in self._seen.items():
            if seen.source is Source.FRESH:
                self._seen[request_id] = replace(seen, source=Source.LIST)

    def _apply_list(
        self, listed: Iterable[AccessRequest], *, except_for: Iterable[str] = ()
    ) -> None:
        """Oldest first, so that a backlog is worked off in the order in which people asked.

        What waits is reported in any case: a channel may take messages by now. What came up since
        the first list is no backlog, though no event told of it.
        """
        touched = frozenset(except_for)
        by_id = {request.id: request for request in listed}
        for request in sorted(by_id.values(), key=_age):
            known = self._seen.get(request.id)
            if request.id in touched:
                continue
            if known is None or known.request != request:
                self._seen[request.id] = CachedRequest(request, Source.LIST)
            elif not request.pending:
                continue
            new = known is None and self.synced.is_set()
            self._changed(request.id, new and self._newcomers.allow(request.user))
        for missing in self._seen.keys() - by_id.keys() - touched:
            self._seen[missing] = replace(self._seen[missing], source=Source.MISSING)
            self._changed(missing, False)


def _age(request: AccessRequest) -> datetime:
    return request.created or datetime.min.replace(tzinfo=UTC)


async def _move_when(
    renewed: "asyncio.Task[None]", arrived: "asyncio.Queue[WatchEvent | Exception]"
) -> None:
    await asyncio.wait({renewed})
    arrived.put_nowait(ConnectionReplaced())


async def _read_into(
    arrived: "asyncio.Queue[WatchEvent | Exception]", events: AsyncIterator[WatchEvent]
) -> None:
    try:
        async for event in events:
            arrived.put_nowait(event)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # Not this task was cancelled but the call, with its channel.
        arrived.put_nowait(WatchEnded("the connection was closed"))
    except Exception as error:  # noqa: BLE001 - handed over to whoever follows
        arrived.put_nowait(error)
    else:
        arrived.put_nowait(WatchEnded("the server ended the watch"))

"""Events of one watch, collected from the moment at which the server confirmed it.

A list that starts after that moment plus the collected events is complete: a change that the list
doesn't show arrives as an event. So events are queued while the list runs and applied after it.

When the client reconnects, with renewed credentials, the old connection stays open until its calls
end. The stream then ends with ConnectionReplaced, and the follower opens a watch on the new
connection. It waits for the reconnect from before the watch is opened, so none goes unnoticed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic

from notifications.following.followed_kind import FollowedKind, Object
from teleport_client.model.event import WatchEvent


class WatchEnded(Exception):
    """The server ended the watch without an error."""


class ConnectionReplaced(Exception):
    """The client reconnected; the next watch uses the new connection."""


class EventStream(Generic[Object]):
    def __init__(self) -> None:
        self._arrived: asyncio.Queue[WatchEvent[Object] | Exception] = asyncio.Queue()

    async def next(self) -> WatchEvent[Object]:
        """Return the next event. Raises the error that ends the stream."""
        event = await self._arrived.get()
        if isinstance(event, Exception):
            raise event
        return event

    def end(self, error: Exception) -> None:
        """End the stream after the events that have arrived."""
        self._arrived.put_nowait(error)

    async def read(self, events: AsyncIterator[WatchEvent[Object]]) -> None:
        try:
            async for event in events:
                self._arrived.put_nowait(event)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # gRPC cancelled the call because its channel was closed; this task goes on.
            self.end(WatchEnded("the connection was closed"))
        except Exception as error:  # noqa: BLE001 - raised by `next`
            self.end(error)
        else:
            self.end(WatchEnded("the server ended the watch"))

    async def end_after(self, reconnecting: "asyncio.Task[None]") -> None:
        await asyncio.wait({reconnecting})
        self.end(ConnectionReplaced())


@asynccontextmanager
async def open_stream(
    kind: FollowedKind[Object], reconnected: Callable[[], Awaitable[None]]
) -> AsyncIterator[EventStream[Object]]:
    """Open a watch and collect its events. Raises TeleportError."""
    reconnecting = asyncio.ensure_future(reconnected())
    try:
        async with kind.watch() as events:
            stream: EventStream[Object] = EventStream()
            helpers = (
                asyncio.create_task(stream.read(events)),
                asyncio.create_task(stream.end_after(reconnecting)),
            )
            try:
                yield stream
            finally:
                for helper in helpers:
                    helper.cancel()
    finally:
        reconnecting.cancel()

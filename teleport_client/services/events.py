"""Watches: events of one kind of resource.

A watch reports changes from its start on, and nothing that happened before. Its first event is
INIT, with which the server confirms the watch; if the caller can't read the kind, the server
rejects the watch instead. So list the resources after INIT: a list before it misses changes in
between. An event that deletes a resource carries only its header.

A watch ends when its connection ends, when the server closes it, and some time after a call of
`TeleportClient.reconnect`. The reader then has to watch and list again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import grpc.aio

from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client.errors import Unexpected, Unreachable
from teleport_client.model.event import Deleted, Put, WatchEvent
from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import DEADLINE

_METHOD = "WatchEvents"

Resource = TypeVar("Resource")
Stream: TypeAlias = grpc.aio.UnaryStreamCall[proto.Watch, proto.Event]


@dataclass(frozen=True, slots=True)
class WatchedKind(Generic[Resource]):
    """A kind of resource that can be watched."""

    name: str
    field: str
    """Field of an event that holds the resource."""
    convert: Callable[[Any], Resource]


class EventService:
    def __init__(self, channel: RpcChannel) -> None:
        self._channel = channel
        self._auth = channel.auth

    @asynccontextmanager
    async def watch(
        self, kind: WatchedKind[Resource], *, deadline: float = DEADLINE
    ) -> AsyncIterator[AsyncIterator[WatchEvent[Resource]]]:
        """Watch all resources of a kind; yield the iterator of its events.

        Entering waits for INIT, at most `deadline` seconds. The iterator ends or raises when the
        stream does. Leaving cancels the stream.
        """
        with self._channel.errors_of(_METHOD):
            call = self._auth.WatchEvents(proto.Watch(Kinds=[types.WatchKind(Kind=kind.name)]))
            try:
                events = await _read_events(call, kind, deadline)
                self._channel.missing_methods.clear()  # this may be another server
                yield events
            finally:
                call.cancel()


async def _read_events(
    call: Stream, kind: WatchedKind[Resource], deadline: float
) -> AsyncIterator[WatchEvent[Resource]]:
    """Wait for the server's INIT, at most `deadline` seconds, and return the events after it."""
    try:
        async with asyncio.timeout(deadline):
            first = await call.read()
    except TimeoutError as error:
        raise Unreachable(
            f"Teleport did not confirm the watch within {deadline:g} s",
            method=_METHOD,
            code="DEADLINE_EXCEEDED",
        ) from error
    if not isinstance(first, proto.Event) or first.Type != proto.Operation.INIT:
        raise Unexpected("the watch did not begin with INIT", method=_METHOD)
    return _follow(call, kind)


async def _follow(call: Stream, kind: WatchedKind[Resource]) -> AsyncIterator[WatchEvent[Resource]]:
    """Read events one by one: gRPC doesn't iterate over a call after a read."""
    while isinstance(event := await call.read(), proto.Event):
        if event.Type == proto.Operation.PUT and event.WhichOneof("Resource") == kind.field:
            yield Put(kind.convert(getattr(event, kind.field)))
        elif event.Type == proto.Operation.DELETE and event.HasField("ResourceHeader"):
            yield Deleted(event.ResourceHeader.Metadata.Name)

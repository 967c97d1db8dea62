"""What a watch on access requests tells."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TypeAlias

import grpc
import grpc.aio

from teleport_client import errors
from teleport_client._proto import authservice_pb2 as proto
from teleport_client.model.access_request import AccessRequest
from teleport_client.services import convert


@dataclass(frozen=True, slots=True)
class RequestPut:
    """Created, reviewed or decided: the whole request as it now stands."""

    request: AccessRequest


@dataclass(frozen=True, slots=True)
class RequestDeleted:
    """Gone, for a reason that Teleport does not tell."""

    id: str


WatchEvent: TypeAlias = RequestPut | RequestDeleted
Stream: TypeAlias = grpc.aio.UnaryStreamCall[proto.Watch, proto.Event]


async def read_events(call: Stream, deadline: float) -> AsyncIterator[WatchEvent]:
    """Wait for the server's INIT, at most `deadline` seconds, and give what follows it."""
    try:
        async with asyncio.timeout(deadline):
            first = await call.read()
    except TimeoutError as error:
        raise errors.Unreachable(
            f"Teleport did not confirm the watch within {deadline:g} s",
            method="WatchEvents",
            code=grpc.StatusCode.DEADLINE_EXCEEDED,
        ) from error
    if not isinstance(first, proto.Event) or first.Type != proto.Operation.INIT:
        raise errors.Unexpected("the watch did not begin with INIT", method="WatchEvents")
    return _follow(call)


async def _follow(call: Stream) -> AsyncIterator[WatchEvent]:
    """Go on reading one by one: gRPC refuses to iterate over a call that was read from."""
    while isinstance(event := await call.read(), proto.Event):
        if event.Type == proto.Operation.PUT and event.HasField("AccessRequest"):
            yield RequestPut(convert.request_from(event.AccessRequest))
        elif event.Type == proto.Operation.DELETE and event.HasField("ResourceHeader"):
            yield RequestDeleted(event.ResourceHeader.Metadata.Name)

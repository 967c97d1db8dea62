"""Events of a watch on one kind of resource.

A watch reports what happens from its start on. Its first event is INIT, with which the server
confirms the watch; a kind that the caller can't read is refused instead. An event that deletes a
resource has its header only.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import grpc
import grpc.aio

from teleport_client import errors
from teleport_client._proto import authservice_pb2 as proto
from teleport_client.model.access_request import AccessRequest
from teleport_client.model.user import Role
from teleport_client.services import convert

Resource = TypeVar("Resource")


@dataclass(frozen=True, slots=True)
class Put(Generic[Resource]):
    """A resource was created or changed: its whole new state."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class Deleted:
    """A resource was deleted, for a reason that Teleport doesn't report."""

    name: str


WatchEvent: TypeAlias = Put[Resource] | Deleted
Stream: TypeAlias = grpc.aio.UnaryStreamCall[proto.Watch, proto.Event]


@dataclass(frozen=True, slots=True)
class WatchedKind(Generic[Resource]):
    """A kind of resource that can be watched."""

    name: str
    field: str
    """Field of an event that holds the resource."""
    convert: Callable[[Any], Resource]


ACCESS_REQUESTS: WatchedKind[AccessRequest] = WatchedKind(
    "access_request", "AccessRequest", convert.request_from
)
ROLES: WatchedKind[Role] = WatchedKind("role", "Role", convert.role_from)


async def read_events(
    call: Stream, kind: WatchedKind[Resource], deadline: float
) -> AsyncIterator[WatchEvent[Resource]]:
    """Wait for the server's INIT, at most `deadline` seconds, and return the events after it."""
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
    return _follow(call, kind)


async def _follow(call: Stream, kind: WatchedKind[Resource]) -> AsyncIterator[WatchEvent[Resource]]:
    """Read events one by one: gRPC doesn't iterate over a call after a read."""
    while isinstance(event := await call.read(), proto.Event):
        if event.Type == proto.Operation.PUT and event.WhichOneof("Resource") == kind.field:
            yield Put(kind.convert(getattr(event, kind.field)))
        elif event.Type == proto.Operation.DELETE and event.HasField("ResourceHeader"):
            yield Deleted(event.ResourceHeader.Metadata.Name)

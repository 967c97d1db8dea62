"""A rule's requirements for a server, real or stand-in."""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub

if TYPE_CHECKING:
    from teleport_client._proto.authservice_pb2_grpc import AuthServiceAsyncStub

Auth: TypeAlias = "AuthServiceAsyncStub"
Name = Literal["bot", "alice", "bob", "admin"]
"""An identity: `bot` holds the role that `teleport-role --mode override` prints, `admin` a role
that allows everything, both signed so that admin actions need no second factor. `alice` and `bob`
hold roles without rules; alice may request the role `staging` without a reason, and no role of hers
has a `max_duration`."""

UNSAFE_KEY = (
    "special characters are not allowed in resource names, please use name composed only from "
    "characters, hyphens, dots, and plus signs: "
)
"""Prefix of the key of a resource with a name that can't be part of a key."""


class Server(Protocol):
    """A running Auth Service, and identities that it accepts."""

    @property
    def version(self) -> tuple[int, int, int]:
        """The server's version, such as (17, 0, 0)."""
        ...

    def channel(self, name: Name) -> grpc.aio.Channel:
        """An open channel with the certificate of that identity; the server closes it."""
        ...

    def certificate_end(self, name: Name) -> datetime:
        """When the certificate of that identity expires."""
        ...

    async def log_in(self, name: Name) -> None:
        """Log the user in, unless that has happened since the user was last changed."""
        ...


def auth(server: Server, name: Name) -> Auth:
    return AuthServiceStub(server.channel(name))


def in_future(**duration: float) -> Timestamp:
    """A point in time that far from now; a negative duration is in the past."""
    timestamp = Timestamp()
    timestamp.FromDatetime(datetime.now(UTC) + timedelta(**duration))
    return timestamp


async def refusal(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    """The code and the text of a call that the server must refuse."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    return failure.value.code(), failure.value.details() or ""

"""The channel under all stubs: the current connection, lenient strings, and errors of one kind.

A stub asks its channel for each method once, when it is made. A gRPC channel can't change its
connection, so `TeleportClient.reconnect` replaces it, and stubs of the old channel would keep using
it. Therefore the methods of this channel look up the current gRPC channel at each call. Services
make their stubs once and don't notice a reconnect.

A unary call raises only TeleportError. A stream raises while it is read, long after the call: the
reader of a stream enters `errors_of` itself.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import grpc
import grpc.aio
from google.protobuf.message import Message

from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client.errors import Sent, Unexpected, Unreachable
from teleport_client.rpc.lenient_utf8 import reader
from teleport_client.rpc.status import from_rpc
from teleport_client.transport.dialer import Connection

if TYPE_CHECKING:
    from teleport_client._proto.authservice_pb2_grpc import AuthServiceAsyncStub


class RpcChannel:
    """Stubs call Teleport through `stubs`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.missing_methods: set[str] = set()
        """Methods to which the server responded with UNIMPLEMENTED."""

    @property
    def stubs(self) -> grpc.aio.Channel:
        """The channel as the type that generated stubs expect; they use the two methods below."""
        return cast(grpc.aio.Channel, self)

    @cached_property
    def auth(self) -> "AuthServiceAsyncStub":
        """The Auth Service. Services share its stub, because making one takes a millisecond."""
        return AuthServiceStub(self.stubs)

    def unary_unary(
        self, path: str, request_serializer: Any, response_deserializer: Any, **options: Any
    ) -> Callable[..., Awaitable[Message]]:
        method = path.rpartition("/")[2]
        read = reader(response_deserializer)

        async def call(request: Message, *, timeout: float) -> Message:  # noqa: ASYNC109 - gRPC's word
            with self.errors_of(method):
                send = self._connection.channel.unary_unary(
                    path, request_serializer, read, **options
                )
                response: Message | None = await send(request, timeout=timeout)
            # gRPC returns None if the deserializer raised an error.
            if response is None:
                raise Unexpected("can't decode Teleport's response", method=method)
            return response

        return call

    def unary_stream(
        self, path: str, request_serializer: Any, response_deserializer: Any, **options: Any
    ) -> Callable[..., object]:
        read = reader(response_deserializer)

        def call(request: Message) -> object:
            return self._connection.channel.unary_stream(path, request_serializer, read, **options)(
                request
            )

        return call

    @contextmanager
    def errors_of(self, method: str) -> Iterator[None]:
        """Raise gRPC's errors as TeleportError, and keep account of missing methods."""
        try:
            yield
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                self.missing_methods.add(method)
            raise from_rpc(
                method, error.code(), error.details(), not_connected=self._connection.problem,
                obstacle=self._connection.obstacle,
            ) from error  # fmt: skip
        except grpc.aio.UsageError as error:
            if "closed" not in str(error).lower():
                raise
            raise _closed_error(method) from error
        else:
            self.missing_methods.discard(method)


def _closed_error(method: str) -> Unreachable:
    return Unreachable(
        "the connection to Teleport is closed", method=method, code="UNAVAILABLE", sent=Sent.NO
    )

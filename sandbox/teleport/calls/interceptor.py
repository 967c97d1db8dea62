"""An interceptor for all calls: journal, faults and error texts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import Message

from sandbox.teleport.calls.caller import Context, read_identity
from sandbox.teleport.errors import TeleportError
from sandbox.teleport.faults import Faults
from sandbox.teleport.journal import Journal

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"  # not generic at run time


_LARGEST_MESSAGE = 4 * 1024 * 1024  # bytes, grpc-go's default


@dataclass(frozen=True)
class _TooLarge:
    """A request above the size limit. The size is in bytes."""

    size: int


_Read = Message | _TooLarge


class CallRecorder(grpc.aio.ServerInterceptor):
    """Records each call, applies faults, and passes the call on to the service."""

    def __init__(self, journal: Journal, faults: Faults) -> None:
        self._journal = journal
        self._faults = faults

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        if handler is None:
            return None  # grpc answers UNIMPLEMENTED
        method = handler_call_details.method.rpartition("/")[2]
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._streaming(method, handler.unary_stream),
                request_deserializer=_limit(handler.request_deserializer),
                response_serializer=self._written_by(handler.response_serializer),
            )
        return grpc.unary_unary_rpc_method_handler(
            self._unary(method, handler.unary_unary),
            request_deserializer=_limit(handler.request_deserializer),
            response_serializer=self._written_by(handler.response_serializer),
        )

    def _written_by(self, serializer: Any) -> Callable[[Message], bytes]:
        return lambda response: self._faults.on_wire(serializer(response))

    def _unary(self, method: str, answer: Any) -> Any:
        async def received(read: _Read, context: Context) -> Message:
            request = await _require_readable(read, context)
            async with self._record(method, request, context):
                fault = self._faults.take(method)
                if fault is not None:
                    await fault.before()
                response: Message = await answer(request, context)
                if fault is not None:
                    await fault.after()
            return response

        return received

    def _streaming(self, method: str, answer: Any) -> Any:
        async def received(read: _Read, context: Context) -> AsyncIterator[Message]:
            request = await _require_readable(read, context)
            async with self._record(method, request, context):
                fault = self._faults.take(method)
                if fault is not None:
                    await fault.before()
                async for response in answer(request, context):
                    yield response
                    if fault is not None:
                        await fault.after()
                        fault = None

        return received

    @asynccontextmanager
    async def _record(self, method: str, request: Message, context: Context) -> AsyncIterator[None]:
        try:
            identity = read_identity(context.auth_context())
        except TeleportError as error:
            await context.abort(error.code, str(error))
        call = self._journal.begin(method, identity.user, request)
        try:
            yield
        except TeleportError as error:
            self._journal.end(call, error.code)
            await context.abort(error.code, str(error))
        except (asyncio.CancelledError, GeneratorExit):
            self._journal.end(call, grpc.StatusCode.CANCELLED)
            raise
        except Exception:
            self._journal.end(call, grpc.StatusCode.UNKNOWN)
            raise
        self._journal.end(call, grpc.StatusCode.OK)


def _limit(deserializer: Any) -> Callable[[bytes], _Read]:
    def read(data: bytes) -> _Read:
        if len(data) > _LARGEST_MESSAGE:
            return _TooLarge(len(data))
        message: Message = deserializer(data)
        return message

    return read


async def _require_readable(read: _Read, context: Context) -> Message:
    """Reject a large message with grpc-go's text, which differs from grpcio's."""
    if isinstance(read, _TooLarge):
        await context.abort(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"grpc: received message larger than max ({read.size} vs. {_LARGEST_MESSAGE})",
        )
    return read

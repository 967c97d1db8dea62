"""The calls, their callers and their results."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic

import grpc
from google.protobuf.message import Message


@dataclass
class Call:
    """One call. `ended` and `code` are None while it is in flight."""

    method: str
    """The name without the service, such as `SubmitAccessReview`."""
    caller: str
    """The user on the certificate."""
    request: Message
    started: float = field(default_factory=monotonic)
    """Monotonic seconds."""
    ended: float | None = None
    code: grpc.StatusCode | None = None


class Journal:
    """Calls in the order of their start."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._changed = asyncio.Event()

    def of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def begin(self, method: str, caller: str, request: Message) -> Call:
        call = Call(method, caller, request)
        self.calls.append(call)
        self._publish()
        return call

    def end(self, call: Call, code: grpc.StatusCode) -> None:
        call.ended = monotonic()
        call.code = code
        self._publish()

    async def wait_for_call(self, method: str, *, count: int = 1, ended: bool = False) -> Call:
        """Wait for the count-th call of a method to start, or to end."""
        while True:
            calls = [it for it in self.of(method) if it.ended is not None or not ended]
            if len(calls) >= count:
                return calls[count - 1]
            await self._changed.wait()

    def _publish(self) -> None:
        """Wake the current waiters. Later waiters wait for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()

"""Faults on order: slow answers, refused calls, lost answers, broken watches."""

import asyncio
from dataclasses import dataclass

import grpc

from sandbox.teleport.errors import TeleportError
from sandbox.teleport.state.access_requests import AccessRequests

EVERY_METHOD = "*"
_FOREVER = -1


class Injected(TeleportError):
    """An error that somebody asked for."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code = code


@dataclass
class Fault:
    """What happens to the next calls of a method."""

    method: str
    code: grpc.StatusCode | None
    details: str
    delay: float
    after_commit: bool
    times: int
    hits: int = 0
    """How many calls it has met."""

    async def before(self) -> None:
        if not self.after_commit:
            await self._strike()

    async def after(self) -> None:
        if self.after_commit:
            await self._strike()

    async def _strike(self) -> None:
        await asyncio.sleep(self.delay)
        if self.code is not None:
            raise Injected(self.code, self.details)


class Faults:
    """The faults in force. Each call takes the oldest one for its method."""

    def __init__(self, requests: AccessRequests) -> None:
        self._requests = requests
        self._waiting: list[Fault] = []
        self._spoilt = b""

    def add(
        self,
        method: str,
        code: grpc.StatusCode | None = None,
        *,
        details: str = "injected fault",
        delay: float = 0,
        after_commit: bool = False,
        times: int = 1,
    ) -> Fault:
        """Let the next `times` calls of the method fail with the code, or only be slow.

        The delay is in seconds and comes before the error. After commit means that the work
        is done and only the answer is late or lost. At WatchEvents it means after INIT.
        """
        fault = Fault(method, code, details, delay, after_commit, times)
        self._waiting.append(fault)
        return fault

    def remove_method(self, method: str, service: str = "proto.AuthService") -> None:
        """Answer as a server that doesn't have this method, until `clear` is called."""
        details = f"unknown method {method} for service {service}"
        self.add(method, grpc.StatusCode.UNIMPLEMENTED, details=details, times=_FOREVER)

    def clear(self) -> None:
        """Forget all faults; what has struck already goes on."""
        self._waiting.clear()

    def cut_watches(
        self, code: grpc.StatusCode | None = None, details: str = "watcher closed"
    ) -> None:
        """End every open watch, with an error or, without a code, as if it were complete."""
        error = None if code is None else Injected(code, details)
        self._requests.changes.cut(error)

    def corrupt_text(self, text: str) -> None:
        """Put bytes that are no UTF-8 in the place of `text` in each answer from now on.

        Teleport hands on whatever bytes a name or a reason was made of; ours could not hold them.
        """
        self._spoilt = text.encode()

    def on_wire(self, data: bytes) -> bytes:
        """What an answer looks like that is to go out as `data`."""
        return data.replace(self._spoilt, b"\xff" * len(self._spoilt)) if self._spoilt else data

    def take(self, method: str) -> Fault | None:
        """The fault that strikes this call, counted off."""
        fault = next((it for it in self._waiting if it.method in (method, EVERY_METHOD)), None)
        if fault is not None:
            fault.times -= 1
            fault.hits += 1
            if fault.times == 0:
                self._waiting.remove(fault)
        return fault

"""Fault injection: slow responses, rejected calls, lost responses, broken watches."""

import asyncio
from dataclasses import dataclass

import grpc

from sandbox.teleport.errors import TeleportError
from sandbox.teleport.state.access_requests import AccessRequests

EVERY_METHOD = "*"
_FOREVER = -1


class Injected(TeleportError):
    """An injected error."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code = code


@dataclass
class Fault:
    """A fault of the next calls of a method."""

    method: str
    code: grpc.StatusCode | None
    details: str
    delay: float
    after_commit: bool
    times: int
    hits: int = 0
    """Number of calls that the fault has affected."""

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
    """The active faults. Each call gets the oldest fault of its method."""

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
        """Add a fault: the next `times` calls fail with the code, or are only slow.

        The delay is in seconds and precedes the error. With `after_commit` the work is done, and
        only the response is late or lost. For WatchEvents this means after INIT.
        """
        fault = Fault(method, code, details, delay, after_commit, times)
        self._waiting.append(fault)
        return fault

    def remove_method(self, method: str, service: str = "proto.AuthService") -> None:
        """Respond like a server without the method, until `clear`."""
        details = f"unknown method {method} for service {service}"
        self.add(method, grpc.StatusCode.UNIMPLEMENTED, details=details, times=_FOREVER)

    def clear(self) -> None:
        """Remove all faults. Calls that have a fault already keep it."""
        self._waiting.clear()

    def cut_watches(
        self, code: grpc.StatusCode | None = None, details: str = "watcher closed"
    ) -> None:
        """End all open watches, with an error, or without a code as if they were complete."""
        error = None if code is None else Injected(code, details)
        self._requests.changes.cut(error)

    def corrupt_text(self, text: str) -> None:
        """Replace `text` in all responses from now on with bytes that aren't UTF-8.

        Teleport passes on the bytes of a name or a reason. Python's messages can't hold such bytes.
        """
        self._spoilt = text.encode()

    def on_wire(self, data: bytes) -> bytes:
        """Return the response's bytes with the replacement."""
        return data.replace(self._spoilt, b"\xff" * len(self._spoilt)) if self._spoilt else data

    def take(self, method: str) -> Fault | None:
        """Return the fault of this call and count the hit."""
        fault = next((it for it in self._waiting if it.method in (method, EVERY_METHOD)), None)
        if fault is not None:
            fault.times -= 1
            fault.hits += 1
            if fault.times == 0:
                self._waiting.remove(fault)
        return fault

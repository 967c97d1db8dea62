"""Fault injection: failing, slow and aborted calls, and sockets that close or stall."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TypeVar

from sandbox.slack.errors import BadRequestError
from sandbox.slack.wire import JsonObject

EVERY_METHOD = "*"
RESPONSE_URL = "response_url"
"""Stands in the place of a method name for posts to response URLs."""

_RATE_LIMITED = 429


@dataclass
class MethodFault:
    """A fault of the next `times` calls of a method, or of all calls until cleared.

    A delay precedes the work, as on a slow network. With `status` or `error` the stand-in doesn't
    do the work. With `drop_after_commit` it does the work and drops the response.
    """

    method: str
    status: int | None = None
    error: str | None = None
    page: str | None = None
    """Content type of a gateway's HTML response."""
    delay_ms: float = 0
    drop_after_commit: bool = False
    retry_after: int | None = None
    location: str | None = None
    """Target of a redirect, with a `status` of 3xx."""
    times: int | None = None
    after: int = 0
    """Number of calls that pass before the first hit."""
    hits: int = field(default=0, init=False)
    """Number of calls that the fault has affected."""

    @property
    def refuses(self) -> bool:
        return any(
            each is not None for each in (self.status, self.error, self.page, self.retry_after)
        )

    @property
    def http_status(self) -> int:
        if self.status is not None:
            return self.status
        return 200 if self.retry_after is None else _RATE_LIMITED

    @property
    def headers(self) -> dict[str, str]:
        values = {"Retry-After": self.retry_after, "Location": self.location}
        return {name: str(value) for name, value in values.items() if value is not None}

    def concerns(self, method: str) -> bool:
        return self.method in (method, EVERY_METHOD) and self.times != 0


@dataclass
class SocketFault:
    """A fault of sockets: a disconnect message, an aborted connection, silence, or a refusal.

    `disconnect`, `cut` and `swallow` apply to the open sockets immediately. If `times` exceeds
    their number, the rest applies to new sockets. `refuse` applies to new sockets; without `times`
    it applies until cleared.
    """

    kind: str
    reason: str = "refresh_requested"
    times: int | None = None


AnyFault = TypeVar("AnyFault", MethodFault, SocketFault)
Striker = Callable[[SocketFault], int]
"""Applies a fault to the open sockets and returns the number of hits."""


@dataclass
class Faults:
    """The pending faults, in the order of their injection."""

    methods: list[MethodFault] = field(default_factory=list)
    sockets: list[SocketFault] = field(default_factory=list)
    apply: Striker = field(default=lambda _: 0)

    def inject(self, body: JsonObject) -> None:
        """Add a fault in the JSON form of the control API.

        Raises BadRequestError for any other form.
        """
        if body.get("clear"):
            self.clear()
        elif "sockets" in body:
            self.on_sockets(_socket_fault(body))
        elif "method" in body:
            self.on_method(_method_fault(body))
        else:
            raise BadRequestError("a fault needs method, sockets or clear")

    def on_method(self, fault: MethodFault) -> None:
        self.methods.append(fault)

    def on_sockets(self, fault: SocketFault) -> None:
        if fault.kind == "refuse":
            self.sockets.append(fault)
            return
        met = self.apply(fault)
        if fault.times is not None and fault.times > met:
            self.sockets.append(SocketFault(fault.kind, fault.reason, fault.times - met))

    def clear(self) -> None:
        self.methods.clear()
        self.sockets.clear()

    def for_call(self, method: str) -> MethodFault:
        """Return the fault of this call and count the hit, or a fault without effect."""
        fault = next((one for one in self.methods if one.concerns(method)), None)
        if fault is None:
            return MethodFault(method)
        if fault.after:
            fault.after -= 1
            return MethodFault(method)
        fault.hits += 1
        return _used(fault)

    def for_connection(self) -> SocketFault | None:
        """Return the fault of this new socket and count the hit."""
        fault = next((one for one in self.sockets if one.times != 0), None)
        return fault and _used(fault)


def _used(fault: AnyFault) -> AnyFault:
    if fault.times is not None:
        fault.times -= 1
    return fault


def _method_fault(body: JsonObject) -> MethodFault:
    unknown = set(body) - {field.name for field in fields(MethodFault) if field.init}
    if unknown:
        raise BadRequestError(f"unknown fields in a method fault: {', '.join(sorted(unknown))}")
    return MethodFault(**body)


def _socket_fault(body: JsonObject) -> SocketFault:
    kind = body["sockets"]
    if kind not in ("disconnect", "cut", "swallow", "refuse"):
        raise BadRequestError("sockets must be disconnect, cut, swallow or refuse")
    return SocketFault(kind, body.get("reason", SocketFault.reason), body.get("times"))

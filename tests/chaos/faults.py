"""Inject the faults of a schedule into the sandbox and the replicas."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import grpc

from sandbox.slack.control.faults import MethodFault, SocketFault
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.faults import Fault as CallFault
from sandbox.teleport.server import TeleportStandIn
from tests.chaos.replicas import Replica
from tests.chaos.schedule import Fault, Step

_SENDS = ("chat.postMessage", "chat.update")
_METHODS = (*_SENDS, *_SENDS, "conversations.open", "conversations.history", "users.info")
_STALLS = {"chat.postMessage": 4.0, "chat.update": 12.0}
"""Seconds that Slack stalls.

A post that times out and is accepted later is doubled, which is allowed without history.
"""
_CALLS = (
    "UpdatePluginData", "ListAccessRequests", "KeepAliveSemaphoreLease", "GetPluginData",
    "WatchEvents",
)  # fmt: skip
_SOCKETS = {
    Fault.CUT_SOCKETS: SocketFault("cut", times=2),
    Fault.REFRESH_SOCKETS: SocketFault("disconnect", times=2),
    Fault.SWALLOW_SOCKET: SocketFault("swallow", times=1),
}


class FaultInjector:
    """Injects faults and counts those with an effect.

    Bots send, and hold their lease, `factor` times faster than in production.
    """

    def __init__(
        self,
        slack: SlackStandIn,
        teleport: TeleportStandIn,
        replicas: Sequence[Replica],
        factor: float,
    ) -> None:
        self._slack = slack
        self._teleport = teleport
        self._replicas = replicas
        self._factor = factor
        self._stale = 0
        """Number of `STALE_LISTS` faults that haven't ended."""
        self.armed: Counter[str] = Counter()
        self._hits: Counter[str] = Counter()
        self._waiting: list[tuple[Fault, MethodFault | CallFault]] = []

    @property
    def hits(self) -> Counter[str]:
        """Number of injected faults that had an effect, by name."""
        counts = self._hits.copy()
        for what, fault in self._waiting:
            counts[what] += bool(fault.hits)
        return counts

    async def inject(self, step: Step) -> None:
        assert isinstance(step.what, Fault)
        self.armed[step.what] += 1
        match step.what:
            case Fault.KILL | Fault.TERMINATE | Fault.FREEZE:
                met = await self._harm(step)
                # Read the count after the await, because other tasks change it.
                self._hits[step.what] += met
            case Fault.CUT_SOCKETS | Fault.REFRESH_SOCKETS | Fault.SWALLOW_SOCKET:
                self._hits[step.what] += self._slack.faults.apply(_SOCKETS[step.what]) > 0
            case Fault.STALE_LISTS:
                self._hits[step.what] += 1
                await self._stale_lists(40 / self._factor)
            case Fault.TORN_IDENTITY:
                self._hits[step.what] += 1
                await self._tear_identity(20 / self._factor)
            case Fault.RENEWED_IDENTITY:
                self._hits[step.what] += 1
                self._renew_identity()
            case Fault.RESTART_TELEPORT:
                self._hits[step.what] += 1
                await self._teleport.restart()
            case Fault.CUT_WATCH:
                self._hits[step.what] += 1
                self._teleport.faults.cut_watches(grpc.StatusCode.UNAVAILABLE)
            case Fault.TELEPORT_UNAVAILABLE | Fault.LOSE_WRITE | Fault.STALL_TELEPORT:
                self._waiting.append((step.what, self._fail_teleport(step)))
            case _:
                self._waiting.append((step.what, self._fail_slack(step)))

    async def end(self) -> None:
        """Remove all faults and renew the identity."""
        self._slack.faults.clear()
        self._teleport.faults.clear()
        self._teleport.cluster.stale_lists = False
        self._renew_identity()

    async def _harm(self, step: Step) -> bool:
        replica = self._replicas[step.number % len(self._replicas)]
        match step.what:
            case Fault.KILL:
                return await replica.kill()
            case Fault.TERMINATE:
                return await replica.terminate()
            case _:
                return await replica.freeze(25 / self._factor)

    def _fail_slack(self, step: Step) -> MethodFault:
        send = _SENDS[step.number % len(_SENDS)]
        method = _METHODS[step.number % len(_METHODS)]
        match step.what:
            case Fault.RATE_LIMIT:
                fault = MethodFault(
                    method, retry_after=1 + step.number % 2, times=1 + step.number % 3
                )
            case Fault.SERVER_ERROR:
                fault = MethodFault(method, status=503, times=1 + step.number % 3)
            case Fault.LOSE_ANSWER:
                fault = MethodFault(send, drop_after_commit=True, times=1)
            case _:
                fault = MethodFault(send, delay_ms=1000 * _STALLS[send] / self._factor, times=2)
        self._slack.faults.on_method(fault)
        return fault

    def _fail_teleport(self, step: Step) -> CallFault:
        call = _CALLS[step.number % len(_CALLS)]
        faults = self._teleport.faults
        match step.what:
            case Fault.TELEPORT_UNAVAILABLE:
                return faults.add(call, grpc.StatusCode.UNAVAILABLE, times=3)
            case Fault.LOSE_WRITE:
                unavailable = grpc.StatusCode.UNAVAILABLE
                return faults.add("UpdatePluginData", unavailable, after_commit=True)
            case _:
                return faults.add(call, delay=5 / self._factor, times=2)

    async def _stale_lists(self, seconds: float) -> None:
        """Return stale lists for a while. Faults that overlap end together."""
        self._stale += 1
        if self._stale == 1:
            self._teleport.cluster.stale_lists = True
        await asyncio.sleep(seconds)
        self._stale -= 1
        if self._stale == 0:
            self._teleport.cluster.stale_lists = False

    async def _tear_identity(self, seconds: float) -> None:
        """Truncate the identity file in place, and complete it after a moment, as tbot does."""
        path = self._teleport.identity("bot")
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        await asyncio.sleep(seconds)
        self._renew_identity()

    def _renew_identity(self) -> None:
        self._teleport.write_identity("bot-teleport-chatops")

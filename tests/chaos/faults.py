"""Trouble, brought about."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import grpc

from sandbox.slack.faults import MethodFault, SocketFault
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from tests.chaos.replicas import Replica
from tests.chaos.schedule import Fault, Step

_SENDS = ("chat.postMessage", "chat.update")
_STALLS = {"chat.postMessage": 4.0, "chat.update": 12.0}
"""Seconds. A post that is given up on and taken later all the same is one too many by rights."""
_CALLS = (
    "UpdatePluginData", "ListAccessRequests", "KeepAliveSemaphoreLease", "GetPluginData",
    "WatchEvents",
)  # fmt: skip


class Troubles:
    """`factor` is how much faster than in life the bot sends and holds its lease."""

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
        self.injected: Counter[str] = Counter()

    async def inject(self, step: Step) -> None:
        self.injected[str(step.what)] += 1
        match step.what:
            case Fault.KILL | Fault.TERMINATE | Fault.FREEZE:
                await self._harm(step)
            case Fault.CUT_SOCKETS | Fault.REFRESH_SOCKETS:
                kind = "cut" if step.what is Fault.CUT_SOCKETS else "disconnect"
                self._slack.faults.on_sockets(SocketFault(kind, times=2))
            case Fault.STALE_LISTS:
                await self._stale_lists(40 / self._factor)
            case Fault.TORN_IDENTITY:
                await self._tear_identity(20 / self._factor)
            case Fault.RESTART_TELEPORT:
                await self._teleport.restart()
            case _:
                self._fail_calls(step)

    async def _harm(self, step: Step) -> None:
        replica = self._replicas[step.number % len(self._replicas)]
        match step.what:
            case Fault.KILL:
                await replica.kill()
            case Fault.TERMINATE:
                await replica.terminate()
            case _:
                await replica.freeze(25 / self._factor)

    def _fail_calls(self, step: Step) -> None:
        send = _SENDS[step.number % len(_SENDS)]
        call = _CALLS[step.number % len(_CALLS)]
        slack, teleport = self._slack.faults, self._teleport.faults
        match step.what:
            case Fault.RATE_LIMIT:
                slack.on_method(MethodFault(send, retry_after=1, times=1))
            case Fault.SERVER_ERROR:
                slack.on_method(MethodFault(send, status=503, times=2))
            case Fault.LOSE_ANSWER:
                slack.on_method(MethodFault(send, drop_after_commit=True, times=1))
            case Fault.STALL_SLACK:
                seconds = _STALLS[send] / self._factor
                slack.on_method(MethodFault(send, delay_ms=1000 * seconds, times=2))
            case Fault.CUT_WATCH:
                teleport.cut_watches(grpc.StatusCode.UNAVAILABLE)
            case Fault.TELEPORT_UNAVAILABLE:
                teleport.add(call, grpc.StatusCode.UNAVAILABLE, times=3)
            case Fault.LOSE_WRITE:
                teleport.add("UpdatePluginData", grpc.StatusCode.UNAVAILABLE, after_commit=True)
            case _:
                teleport.add(call, delay=5 / self._factor, times=2)

    async def end(self) -> None:
        """Let everything work again."""
        self._slack.faults.clear()
        self._teleport.faults.clear()
        self._teleport.cluster.stale_lists = False
        self._teleport.write_identity("bot-teleport-chatops", lifetime=timedelta(days=1))

    async def _stale_lists(self, seconds: float) -> None:
        self._teleport.cluster.stale_lists = True
        await asyncio.sleep(seconds)
        self._teleport.cluster.stale_lists = False

    async def _tear_identity(self, seconds: float) -> None:
        """As tbot does it: truncated in place, and whole again a moment later."""
        path = self._teleport.identity("bot")
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        await asyncio.sleep(seconds)
        self._teleport.write_identity("bot-teleport-chatops", lifetime=timedelta(days=1))

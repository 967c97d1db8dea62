"""Messages that belong to no request: unreachable recipients, and the backlog at the first start.

The leader posts them and records nothing, so a message that is lost isn't repeated.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Protocol, TypeVar

import stamina
import structlog

from teleport_client.model.access_request import AccessRequest
from workspace.sending.fence import SendingStopped
from workspace.sending.outbox import Outbox
from workspace.sending.send_queue import Priority
from workspace.sending.slack_failure import SLACK_ERRORS, describe, is_transient
from workspace.views.parts.message import text_message

_MAX_DELAY = 60.0

Result = TypeVar("Result")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class ServiceChannels(Protocol):
    async def channels_of(self, request: AccessRequest) -> Sequence[str]:
        """Return the addresses that get a request's card. Raises one of SLACK_ERRORS."""

    async def fallback_channels(self) -> Sequence[str]:
        """Return the fallback channel, if there is one. Raises one of SLACK_ERRORS."""


class UnreportedProblems(Protocol):
    async def next_unreported(self) -> str:
        """Wait for an unreachable recipient, and return the text that reports it."""


class ServiceMessages:
    def __init__(
        self, outbox: Outbox, channels: ServiceChannels, problems: UnreportedProblems
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._problems = problems

    async def report_unreachable(self) -> None:
        """Report unreachable recipients in the fallback channel, if there is one."""
        while True:
            text = await self._problems.next_unreported()
            try:
                await _retry_transient(partial(self._post_to_fallback, text))
            except (*SLACK_ERRORS, SendingStopped) as error:
                log.warning("fallback_notice_failed", error=describe(error))

    async def post_backlog_summary(self, older: Iterable[AccessRequest]) -> None:
        """Post to each channel how many older requests get no card."""
        counts: Counter[str] = Counter()
        for request in older:
            counts.update(await _retry_transient(partial(self._channels.channels_of, request)))
        for channel, count in counts.items():
            try:
                await self._post(channel, _backlog_summary(count), key="older")
            except (*SLACK_ERRORS, SendingStopped) as error:
                log.warning("backlog_summary_failed", channel=channel, error=describe(error))

    async def _post_to_fallback(self, text: str) -> None:
        for channel in await self._channels.fallback_channels():
            await self._post(channel, text, key="unreachable")

    async def _post(self, channel: str, text: str, *, key: str) -> None:
        render = partial(text_message, text)
        await self._outbox.post(
            channel, render, priority=Priority.SERVICE_MESSAGE, request_id="", key=key
        )


def _backlog_summary(count: int) -> str:
    if count == 1:
        return "1 older access request is waiting for review. Run /teleport-pending to see it."
    return (
        f"{count} older access requests are waiting for review. Run /teleport-pending to see them."
    )


async def _retry_transient(call: Callable[[], Awaitable[Result]]) -> Result:
    """Repeat a call until it succeeds or fails permanently."""
    async for attempt in stamina.retry_context(
        on=is_transient, attempts=None, timeout=None, wait_max=_MAX_DELAY
    ):
        with attempt:
            result = await call()
    return result

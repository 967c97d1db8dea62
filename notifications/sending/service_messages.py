"""Lines that belong to no request: who is out of reach, and what waits since before the bot.

They are said by whoever notifies then and are on no record, so a line that is lost stays unsaid.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

import stamina
import structlog

from notifications.routing.recipients import Recipients
from teleport_client.model.access_request import AccessRequest
from workspace.sending.fence import SendingStopped
from workspace.sending.outbox import Outbox
from workspace.sending.send_queue import Priority
from workspace.sending.slack_failure import SLACK_ERRORS, describe, is_transient
from workspace.views.parts.message import sentence

_LONGEST_PAUSE = 60.0

Result = TypeVar("Result")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class ServiceMessages:
    def __init__(self, outbox: Outbox, recipients: Recipients) -> None:
        self._outbox = outbox
        self._recipients = recipients

    async def report_unreachable(self) -> None:
        """Say in the fallback channel, if there is one, which recipients cannot be reached."""
        while True:
            said = await self._recipients.unreachable.next_unreported()
            try:
                await _retry_transient(partial(self._say_in_fallback, said))
            except (*SLACK_ERRORS, SendingStopped) as error:
                log.warning("fallback_notice_failed", error=describe(error))

    async def post_backlog_summary(self, older: Iterable[AccessRequest]) -> None:
        """Say in one line for each channel how many these are, which get no cards."""
        counts: Counter[str] = Counter()
        for request in older:
            counts.update(await _retry_transient(partial(self._channels_of, request)))
        for channel, count in counts.items():
            words = "request waits" if count == 1 else "requests wait"
            said = f"{count} older access {words} for a decision. See them with /teleport-pending."
            try:
                await self._post(channel, said, key="older")
            except (*SLACK_ERRORS, SendingStopped) as error:
                log.warning("backlog_summary_failed", channel=channel, error=describe(error))

    async def _channels_of(self, request: AccessRequest) -> Sequence[str]:
        return (await self._recipients.routes(request)).require_all()

    async def _say_in_fallback(self, said: str) -> None:
        for channel in (await self._recipients.fallback()).require_all():
            await self._post(channel, said, key="unreachable")

    async def _post(self, channel: str, said: str, *, key: str) -> None:
        render = partial(sentence, said)
        await self._outbox.post(
            channel, render, priority=Priority.SERVICE_MESSAGE, request_id="", key=key
        )


async def _retry_transient(call: Callable[[], Awaitable[Result]]) -> Result:
    """Repeat it for as long as that may help."""
    async for attempt in stamina.retry_context(
        on=is_transient, attempts=None, timeout=None, wait_max=_LONGEST_PAUSE
    ):
        with attempt:
            result = await call()
    return result

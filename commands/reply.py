"""Private answers: where the person is, and if that fails in a direct message."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from commands.act import Act
from commands.envelope import ack_sent
from workspace.slack_failure import error_code
from workspace.views.message import Message
from workspace.views.result import result_view

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

# The API's page and the guide name them differently.
_TRIGGER_SPENT = {
    "expired_trigger_id",
    "exchanged_trigger_id",
    "invalid_trigger_id",
    "trigger_expired",
    "trigger_exchanged",
}


class Reply:
    """Answers one act. `waiting_view` is the id of a form that waits to show the answer."""

    def __init__(
        self,
        act: Act,
        slack: AsyncWebClient,
        http: aiohttp.ClientSession,
        *,
        channel: str = "",
        waiting_view: str = "",
    ) -> None:
        self._act = act
        self._slack = slack
        self._http = http
        self._channel = channel or act.channel
        self._waiting_view = waiting_view

    @property
    def channel(self) -> str:
        """Where it was done, for forms that have to remember it."""
        return self._channel

    async def say(self, message: Message) -> None:
        """Answer so that only this person sees it. Raises when no way is left."""
        await ack_sent()
        if self._waiting_view:
            await self._slack.views_update(view_id=self._waiting_view, view=result_view(message))
        elif not (await self._by_response_url(message) or await self._by_ephemeral(message)):
            await self._by_direct_message(message)

    async def instead(self, message: Message) -> None:
        """Answer in the place of our private answer that was clicked on, if that is what it was."""
        await ack_sent()
        if not self._act.on_answer or not await self._by_response_url(message, replace=True):
            await self.say(message)

    async def open_form(self, view: View) -> bool:
        """Open a form. False when the click is too long ago for Slack to allow it."""
        try:
            await self._slack.views_open(trigger_id=self._act.trigger_id, view=view)
        except SlackApiError as error:
            if error_code(error) in _TRIGGER_SPENT:
                return False
            raise
        return True

    async def _by_response_url(self, message: Message, *, replace: bool = False) -> bool:
        """Works in any conversation, five times within half an hour."""
        if not self._act.response_url:
            return False
        body: Mapping[str, Any] = message.arguments() | {
            "response_type": "ephemeral",
            "replace_original": replace,
        }
        try:
            async with self._http.post(self._act.response_url, json=body) as answer:
                if answer.ok:
                    return True
                log.warning("response_url_refused", status=answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("response_url_failed", error=type(error).__name__)
        return False

    async def _by_ephemeral(self, message: Message) -> bool:
        if not self._channel:
            return False
        try:
            await self._slack.chat_postEphemeral(
                channel=self._channel, user=self._act.slack_id, **_kept(message)
            )
        except SlackApiError as error:
            log.info("ephemeral_refused", error=error_code(error))
            return False
        return True

    async def _by_direct_message(self, message: Message) -> None:
        opened = await self._slack.conversations_open(users=self._act.slack_id)
        await self._slack.chat_postMessage(channel=opened["channel"]["id"], **message.arguments())


def _kept(message: Message) -> dict[str, Any]:
    """chat.postEphemeral knows nothing of unfurling."""
    return {
        name: value for name, value in message.arguments().items() if not name.startswith("unfurl")
    }

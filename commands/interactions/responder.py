"""Private answers: where the person is, and if that fails in a direct message."""

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from commands.interactions.envelope import ack_sent
from commands.interactions.interaction import Interaction
from teleport_client.transport.http_proxy import proxy_for_url
from workspace.rate_limit import RateLimit
from workspace.requests.user_error import UserError
from workspace.sending.slack_failure import (
    CONTENT_ERRORS,
    SLACK_ERRORS,
    Failure,
    classify,
    describe,
    error_code,
)
from workspace.views.parts.message import Message, sentence
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


_NOT_SHOWN = sentence(
    "Slack rejected the bot's response, so it can't be shown here. Check /teleport-pending before"
    " you try again, and tell the bot's operator."
)


def form_limit() -> RateLimit:
    """Return the limit of forms for each user: ten at once, and ten a minute.

    Slack lets an app open about a hundred a minute in all (views.open: Tier 4).
    """
    return RateLimit(at_once=10, seconds_each=6.0)


class _ContentRejected(Exception):
    """Slack rejects this message wherever it is posted."""


class Responder:
    """Answers one interaction. `view_id` is a form that shows the answer."""

    def __init__(
        self,
        interaction: Interaction,
        slack: AsyncWebClient,
        http: aiohttp.ClientSession,
        forms: RateLimit,
        *,
        channel: str = "",
        view_id: str = "",
    ) -> None:
        self._interaction = interaction
        self._slack = slack
        self._http = http
        self._forms = forms
        self._channel = channel or interaction.channel
        self._view_id = view_id or interaction.view_id
        self.content_rejected = ""
        """Slack's error for what an answer said, where one sentence was said instead."""

    @property
    def channel(self) -> str:
        """Where it was done, for forms that have to remember it."""
        return self._channel

    async def respond(self, message: Message) -> None:
        """Answer so that only this person sees it, by the first way that works.

        Where none does, that is logged: what the answer is about has happened all the same.
        """
        await ack_sent()
        await self._say(message)

    async def replace_original(self, message: Message) -> None:
        """Answer in the place of our private answer that was clicked on, if that is what it was."""
        await ack_sent()
        await self._say(message, in_place=self._interaction.on_ephemeral)

    async def _say(self, message: Message, *, in_place: bool = False) -> None:
        try:
            if await self._by_any_way(message, in_place=in_place):
                return
        except _ContentRejected as error:
            self.content_rejected = str(error)
        if self.content_rejected:
            log.error("response_content_rejected", error=self.content_rejected)
            with suppress(_ContentRejected):
                if await self._by_any_way(_NOT_SHOWN):
                    return
        log.error("response_failed", channel=self._channel)

    async def _by_any_way(self, message: Message, *, in_place: bool = False) -> bool:
        """Return whether one way worked. Raises _ContentRejected where none can."""
        if in_place and await self._by_response_url(message, replace=True):
            return True
        for way in (
            self._by_view,
            self._by_response_url,
            self._by_ephemeral,
            self._by_direct_message,
        ):
            if await way(message):
                return True
        return False

    async def open_form(self, view: View, *, typed: str) -> bool:
        """Open a form. False when Slack does not: mostly, the click is too long ago.

        Raises Refusal with the command line `typed`, which needs no form, when this person has
        opened too many.
        """
        if not self._forms.allow(self._interaction.slack_user_id):
            raise UserError(
                "You've opened many forms in the last minute, so this one didn't open. Wait a"
                " minute, or run:",
                reason="too_many_forms",
                command=typed,
            )
        try:
            await self._slack.views_open(trigger_id=self._interaction.trigger_id, view=view)
        except SLACK_ERRORS as error:
            rejected = classify(error) is Failure.REJECTED and not _trigger_spent(error)
            (log.error if rejected else log.warning)("modal_open_failed", error=describe(error))
            return False
        return True

    async def _by_view(self, message: Message) -> bool:
        """In the form that waits for the answer, or that holds the button."""
        if not self._view_id:
            return False
        return await _attempt(
            "view", self._slack.views_update(view_id=self._view_id, view=result_view(message))
        )

    async def _by_response_url(self, message: Message, *, replace: bool = False) -> bool:
        """Works in any conversation, five times within half an hour."""
        if not self._interaction.response_url:
            return False
        body: Mapping[str, Any] = message.arguments() | {
            "response_type": "ephemeral",
            "replace_original": replace,
        }
        try:
            async with self._http.post(
                self._interaction.response_url,
                json=body,
                proxy=proxy_for_url(self._interaction.response_url),
            ) as answer:
                if answer.status == HTTPStatus.OK:
                    return True
                log.warning("response_attempt_failed", via="response_url", error=str(answer.status))
        except SLACK_ERRORS as error:
            log.warning("response_attempt_failed", via="response_url", error=describe(error))
        return False

    async def _by_ephemeral(self, message: Message) -> bool:
        if not self._channel:
            return False
        return await _attempt(
            "ephemeral",
            self._slack.chat_postEphemeral(
                channel=self._channel,
                user=self._interaction.slack_user_id,
                **_ephemeral_arguments(message),
            ),
        )

    async def _by_direct_message(self, message: Message) -> bool:
        async def post() -> None:
            opened = await self._slack.conversations_open(users=self._interaction.slack_user_id)
            channel = opened["channel"]["id"]
            await self._slack.chat_postMessage(channel=channel, **message.arguments())

        return await _attempt("direct_message", post())


async def _attempt(way: str, call: Awaitable[object]) -> bool:
    try:
        await call
    except SLACK_ERRORS as error:
        if isinstance(error, SlackApiError) and error_code(error) in CONTENT_ERRORS:
            raise _ContentRejected(f"{way}: {describe(error)}") from error
        log.warning("response_attempt_failed", via=way, error=describe(error))
        return False
    return True


def _trigger_spent(error: Exception) -> bool:
    return isinstance(error, SlackApiError) and error_code(error) in _TRIGGER_SPENT


def _ephemeral_arguments(message: Message) -> dict[str, Any]:
    """chat.postEphemeral knows nothing of unfurling."""
    return {
        name: value for name, value in message.arguments().items() if not name.startswith("unfurl")
    }

"""Respond to an interaction so that only its user sees the response.

A response takes the first channel that works: the open form, a modal after a click in App Home, the
interaction's response URL, an ephemeral message, a DM. If none works, this is logged and nothing is
raised, since the work that the response reports is done.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, TypeVar

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
from workspace.views.parts.message import Message, text_message
from workspace.views.responses.submitted_form import result_view

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Prepared = TypeVar("Prepared")

_PLACEHOLDER_SECONDS = 0.7
"""Slack lets a form open for three seconds after the interaction."""
_EXPIRED_TRIGGER = {
    "expired_trigger_id",
    "exchanged_trigger_id",
    "invalid_trigger_id",
    "trigger_expired",
    "trigger_exchanged",
}
"""Slack's API reference and its guide to modals name these errors differently."""
_INTERRUPTED = text_message(
    "The bot is restarting, so this may not have finished. Check /teleport-pending before you try"
    " again."
)
_CONTENT_REJECTED = text_message(
    "Slack rejected the bot's response, so it can't be shown here. Check /teleport-pending before"
    " you try again, and tell the bot's operator."
)


class _ContentRejected(Exception):
    """Slack rejects the content of a message, so another channel doesn't help."""


class Responder:
    """Responds to one interaction. `view_id` is an open form that shows the response."""

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
        self._opened = ""
        self.when_interrupted: Callable[[], Message] = lambda: _INTERRUPTED
        """Returns the response if the bot stops before the work is done."""
        self.content_rejected = ""
        """Slack's error, if it rejected the content and an explanation was sent instead."""

    @property
    def channel(self) -> str:
        """Channel of the interaction, which a form has to remember."""
        return self._channel

    @property
    def can_open_form(self) -> bool:
        """Return whether the interaction has a trigger that is new enough to open a form."""
        return self._interaction.form is None

    async def respond(self, message: Message) -> None:
        await ack_sent()
        await self._respond(message)

    async def replace_original(self, message: Message) -> None:
        """Respond in place of the message with the clicked button, if that is ephemeral."""
        await ack_sent()
        await self._respond(message, replace=self._interaction.on_ephemeral)

    async def _respond(self, message: Message, *, replace: bool = False) -> None:
        try:
            if await self._try_channels(message, replace=replace):
                return
        except _ContentRejected as error:
            self.content_rejected = str(error)
        if self.content_rejected:
            log.error("response_content_rejected", error=self.content_rejected)
            with suppress(_ContentRejected):
                if await self._try_channels(_CONTENT_REJECTED):
                    return
        log.error("response_failed", channel=self._channel)

    async def _try_channels(self, message: Message, *, replace: bool = False) -> bool:
        """Return whether a channel worked. Raises _ContentRejected if none can."""
        if replace and await self._by_response_url(message, replace=True):
            return True
        for channel in (
            self._by_view,
            self._by_modal,
            self._by_response_url,
            self._by_ephemeral,
            self._by_direct_message,
        ):
            if await channel(message):
                return True
        return False

    async def open_form(self, view: View, *, typed: str) -> bool:
        """Return whether the form opened. Usually it doesn't if the click was too long ago.

        Raises UserError with the command line `typed`, which needs no form, if this user opened too
        many forms.
        """
        if not self._forms.allow(self._interaction.slack_user_id):
            raise UserError(
                "You've opened many forms in the last minute, so this one didn't open. Wait a"
                " minute, or run:",
                reason="too_many_forms",
                suggested_command=typed,
            )
        return await self._open(view)

    async def open_loading(self, view: View, *, typed: str) -> None:
        """Open a placeholder for a form that isn't ready, before the trigger expires.

        Until `fill_form`, all responses appear in it. Raises UserError like `open_form`.
        """
        if await self.open_form(view, typed=typed):
            self._view_id = self._opened

    async def fill_form(self, view: View, *, typed: str) -> bool:
        """Show the form in place of its placeholder, or open it. Return whether this worked.

        Raises UserError like `open_form`.
        """
        if not self._view_id:
            return await self.open_form(view, typed=typed)
        shown = await _attempt("view", self._slack.views_update(view_id=self._view_id, view=view))
        self._view_id = ""
        return shown

    async def with_placeholder(
        self, preparing: Awaitable[Prepared], placeholder: View, *, typed: str
    ) -> Prepared:
        """Return the prepared data of a form. Open the placeholder if that takes long.

        Raises UserError like `open_form`.
        """
        task = asyncio.ensure_future(preparing)
        try:
            await asyncio.wait({task}, timeout=_PLACEHOLDER_SECONDS)
            if not task.done():
                await self.open_loading(placeholder, typed=typed)
            return await task
        finally:
            task.cancel()

    async def update_open_form(self, view: Mapping[str, Any], view_hash: str) -> None:
        """Change an open form, unless it has changed since Slack sent `view_hash`."""
        await _attempt(
            "view",
            self._slack.views_update(
                view_id=self._interaction.view_id, hash=view_hash, view=dict(view)
            ),
        )

    async def _open(self, view: View) -> bool:
        try:
            opened = await self._slack.views_open(
                trigger_id=self._interaction.trigger_id, view=view
            )
        except SLACK_ERRORS as error:
            rejected = classify(error) is Failure.REJECTED and not _is_trigger_expired(error)
            (log.error if rejected else log.warning)("modal_open_failed", error=describe(error))
            return False
        self._opened = opened["view"]["id"]
        return True

    async def _by_view(self, message: Message) -> bool:
        """Respond in the form that waits for the response, or that has the clicked button."""
        if not self._view_id:
            return False
        return await _attempt(
            "view", self._slack.views_update(view_id=self._view_id, view=result_view(message))
        )

    async def _by_modal(self, message: Message) -> bool:
        """Respond in a modal: in App Home, nothing else shows a response. A trigger opens one."""
        if not self._interaction.on_home or self._opened:
            return False
        return await self._open(result_view(message))

    async def _by_response_url(self, message: Message, *, replace: bool = False) -> bool:
        """Respond at the response URL: in any channel, five times within 30 minutes."""
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
            ) as reply:
                if reply.status == HTTPStatus.OK:
                    return True
                log.warning("response_attempt_failed", via="response_url", error=str(reply.status))
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


class Responders:
    """Creates the responder of each interaction."""

    def __init__(self, slack: AsyncWebClient, http: aiohttp.ClientSession) -> None:
        self._slack = slack
        self._http = http
        # Slack lets an app open about a hundred forms a minute (views.open: Tier 4).
        self._forms = RateLimit(at_once=10, seconds_each=6.0)

    def create(
        self, interaction: Interaction, *, channel: str = "", view_id: str = ""
    ) -> Responder:
        return Responder(
            interaction, self._slack, self._http, self._forms, channel=channel, view_id=view_id
        )


async def _attempt(via: str, call: Awaitable[object]) -> bool:
    try:
        await call
    except SLACK_ERRORS as error:
        if isinstance(error, SlackApiError) and error_code(error) in CONTENT_ERRORS:
            raise _ContentRejected(f"{via}: {describe(error)}") from error
        log.warning("response_attempt_failed", via=via, error=describe(error))
        return False
    return True


def _is_trigger_expired(error: Exception) -> bool:
    return isinstance(error, SlackApiError) and error_code(error) in _EXPIRED_TRIGGER


def _ephemeral_arguments(message: Message) -> dict[str, Any]:
    """Leave out the unfurling arguments, which chat.postEphemeral doesn't have."""
    return {
        name: value for name, value in message.arguments().items() if not name.startswith("unfurl")
    }

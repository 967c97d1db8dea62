"""A Web API client that keeps the response of every call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.connect.slack_client import SlackClient
from teleport_client.transport.http_proxy import proxy_for

_RATE_LIMIT_RETRIES = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """Slack's response to one call, or a frame from the socket."""

    step: str
    method: str
    sent: Mapping[str, Any]
    body: Mapping[str, Any]


class RecordingClient(SlackClient):
    """The bot's client. It waits for Slack's Retry-After, and retries nothing else."""

    def __init__(self, token: str, base_url: str, session: aiohttp.ClientSession) -> None:
        super().__init__(
            token=token,
            base_url=base_url,
            session=session,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=_RATE_LIMIT_RETRIES)],
        )
        # The SDK ignores NO_PROXY.
        self.proxy = proxy_for(urlsplit(base_url).netloc) or None
        self.step = ""
        """Name of the step that the next calls belong to."""
        self.answers: list[Answer] = []

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        sent = {**(arguments.get("params") or {}), **(arguments.get("json") or {})}
        try:
            response = await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            self.keep(api_method, sent, error.response.data)
            raise
        self.keep(api_method, sent, response.data)
        return response

    def keep(self, method: str, sent: Mapping[str, Any], body: Any) -> None:
        """Record a response; one that isn't JSON counts as empty."""
        self.answers.append(Answer(self.step, method, sent, body if isinstance(body, dict) else {}))

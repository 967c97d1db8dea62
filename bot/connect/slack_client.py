"""Slack's Web API client, with the differences that the bot needs from the SDK's.

- The SDK reports a response that isn't Slack's JSON, such as the page of a proxy, with errors of
  several types, and some of them fail when they are formatted. Here, such a response has an empty
  body, so every failed call raises a SlackApiError with the HTTP status.
- Slack's rate limit of a method applies to all its callers. Until it ends, each call fails at once
  with Slack's error, and Slack gets no call.
- The SDK's own retries are off, because they can post a message twice.

`SlackClient` overrides a private method of the SDK. pyproject.toml limits the SDK's version, and
tests/unit/bot/test_slack_library_methods.py detects a changed signature.
"""

from contextlib import AsyncExitStack
from http import HTTPStatus
from math import ceil
from time import monotonic
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings.settings import Settings
from teleport_client.transport.http_proxy import proxy_for_url
from teleport_client.transport.no_redirects import no_redirects
from workspace.sending.fence import fence
from workspace.sending.slack_failure import retry_after

CALL_SECONDS = 8.0
"""Limit for one call. The lease times rely on it."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def http_session(
    *listeners: aiohttp.TraceConfig, seconds: float = CALL_SECONDS
) -> aiohttp.ClientSession:
    """Open the session for all calls. With a session of ours, the SDK sets no timeout."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=seconds),
        trace_configs=[fence(), no_redirects(), *listeners],
    )


class SlackClient(AsyncWebClient):
    """Web API client that treats any response other than Slack's JSON as empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._rate_limited_until: dict[str, float] = {}
        """End of the rate limit by method, on the monotonic clock."""

    async def _request(
        self, *, http_verb: str, api_url: str, req_args: dict[str, Any]
    ) -> dict[str, Any]:
        method = api_url.rpartition("/")[2]
        if (left := self._rate_limited_until.get(method, 0.0) - monotonic()) > 0:
            return _rate_limited(left)
        try:
            answer = await super()._request(http_verb=http_verb, api_url=api_url, req_args=req_args)
        except SlackApiError as error:
            # The content type is JSON, but the body isn't. The error has aiohttp's response.
            return {"data": {}, "headers": {}, "status_code": error.response.status}
        if not isinstance(answer["data"], dict):
            answer["data"] = {}
        if answer["status_code"] == HTTPStatus.TOO_MANY_REQUESTS:
            seconds = retry_after(answer["headers"])
            self._rate_limited_until[method] = monotonic() + seconds
            log.warning("slack_rate_limited", method=method, retry_after_seconds=seconds)
        return dict(answer)


def _rate_limited(seconds: float) -> dict[str, Any]:
    return {
        "data": {"ok": False, "error": "ratelimited"},
        "headers": {"Retry-After": str(ceil(seconds))},
        "status_code": HTTPStatus.TOO_MANY_REQUESTS,
    }


async def open_slack(
    settings: Settings, listener: aiohttp.TraceConfig, stack: AsyncExitStack
) -> tuple[SlackClient, aiohttp.ClientSession]:
    """Return the client with the bot token, and its session, which `stack` closes."""
    seconds = CALL_SECONDS / settings.pace.factor
    http = await stack.enter_async_context(http_session(listener, seconds=seconds))
    return web_client(settings, http, settings.slack.token.get_secret_value()), http


def web_client(settings: Settings, session: aiohttp.ClientSession, token: str) -> SlackClient:
    client = SlackClient(
        token=token or None,
        base_url=settings.slack.apiurl,
        session=session,
        retry_handlers=[],
    )
    # The SDK ignores NO_PROXY.
    client.proxy = proxy_for_url(settings.slack.apiurl)
    return client

"""The Web API client, and what Slack says about the tokens before anything else is tried."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from time import monotonic
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings.settings import Settings
from bot.start_error import MISCONFIGURED, UNAVAILABLE, StartError
from teleport_client.transport.http_proxy import proxy_for_url
from teleport_client.transport.no_redirects import no_redirects
from teleport_client.transport.obstacle import Obstacle, obstacle_of
from workspace.sending.fence import fence
from workspace.sending.slack_failure import (
    SLACK_ERRORS,
    TRANSIENT,
    Failure,
    classify,
    describe,
    error_code,
    retry_after,
    retry_delay,
)

CALL_SECONDS = 8.0
"""One call ends within this; the lease counts on it."""
SCOPES = (
    "commands",
    "chat:write",
    "im:write",
    "users:read",
    "users:read.email",
    "channels:read",
    "groups:read",
)
"""What the bot's token needs."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Installation:
    """Who the bot is in Slack."""

    team: str
    bot_id: str
    scopes: frozenset[str]
    auth_test: Mapping[str, Any]


def http_session(
    *listeners: aiohttp.TraceConfig, seconds: float = CALL_SECONDS
) -> aiohttp.ClientSession:
    """One session for all calls: given one, the SDK's client leaves time limits to it."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=seconds),
        trace_configs=[fence(), no_redirects(), *listeners],
    )


class SlackClient(AsyncWebClient):
    """The SDK's client, for which an answer is Slack's JSON or says nothing.

    What a proxy or a load balancer answers in Slack's place, the SDK reports by errors of several
    kinds, some of which cannot even be looked at. A method that Slack asks to rest is not called
    meanwhile, whoever wants to: they all get Slack's answer at once.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._rest_until: dict[str, float] = {}

    async def _request(
        self, *, http_verb: str, api_url: str, req_args: dict[str, Any]
    ) -> dict[str, Any]:
        method = api_url.rpartition("/")[2]
        if (left := self._rest_until.get(method, 0.0) - monotonic()) > 0:
            return _resting(left)
        try:
            answer = await super()._request(http_verb=http_verb, api_url=api_url, req_args=req_args)
        except SlackApiError as error:
            # What was received: a body that is called JSON and is none.
            return {"data": {}, "headers": {}, "status_code": error.response.status}
        if not isinstance(answer["data"], dict):
            answer["data"] = {}
        if answer["status_code"] == HTTPStatus.TOO_MANY_REQUESTS:
            seconds = retry_after(answer["headers"])
            self._rest_until[method] = monotonic() + seconds
            log.warning("slack_rate_limited", method=method, retry_after_seconds=seconds)
        return dict(answer)


def _resting(seconds: float) -> dict[str, Any]:
    return {
        "data": {"ok": False, "error": "ratelimited"},
        "headers": {"Retry-After": str(ceil(seconds))},
        "status_code": HTTPStatus.TOO_MANY_REQUESTS,
    }


def web_client(settings: Settings, session: aiohttp.ClientSession, token: str) -> SlackClient:
    """Build a client that repeats nothing by itself: the SDK's own retries may post twice."""
    client = SlackClient(
        token=token or None,
        base_url=settings.slack.apiurl,
        session=session,
        retry_handlers=[],
    )
    # The SDK knows nothing of NO_PROXY.
    client.proxy = proxy_for_url(settings.slack.apiurl)
    return client


async def check_installation(client: AsyncWebClient, *, deadline_at: float) -> Installation:
    """Check the bot token, until `deadline_at` of the monotonic clock. Raises StartError."""
    answer = await _retry_until(client.auth_test, "slack.token", deadline_at)
    if not answer.get("bot_id"):
        raise StartError(_NOT_OF_A_BOT, _BEGINNINGS, exit_code=MISCONFIGURED)
    if answer.get("is_enterprise_install"):
        raise StartError(_ORG_WIDE, _ORG_WIDE_HINT, exit_code=MISCONFIGURED)
    scopes = frozenset(str(answer.headers.get("x-oauth-scopes", "")).replace(" ", "").split(","))
    if missing := [scope for scope in SCOPES if scope not in scopes]:
        log.warning("slack_scopes_missing", scopes=missing)
    return Installation(
        team=answer["team_id"],
        bot_id=answer["bot_id"],
        scopes=scopes,
        auth_test=answer.data,
    )


async def first_socket_url(client: AsyncWebClient, app_token: str, *, deadline_at: float) -> str:
    """Check the app token, and return a URL for Socket Mode; empty without an app token.

    Retries until `deadline_at`, of the monotonic clock. Raises StartError.
    """
    if not app_token:
        return ""
    opened = await _retry_until(
        lambda: client.apps_connections_open(app_token=app_token), "slack.app_token", deadline_at
    )
    return str(opened["url"])


async def _retry_until(call: Callable[[], Awaitable[Any]], setting: str, deadline_at: float) -> Any:
    """Repeat a read while Slack does not answer. What no later attempt can change ends it."""
    pause = 0.5
    while True:
        try:
            return await call()
        except SLACK_ERRORS as error:
            failure = classify(error)
            if failure not in TRANSIENT:
                raise _refused(setting, error) from error
            if not is_transient(error):
                raise _no_answer(error, failure) from error
            if failure is Failure.RATE_LIMITED:
                pause = retry_delay(error)
            if monotonic() + pause > deadline_at:
                raise _no_answer(error, failure) from error
            log.warning("slack_unreachable", error=describe(error), retry_in_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, 5.0)


def _obstacle(error: BaseException) -> Obstacle | None:
    """Return what keeps TLS from standing; None for any other error."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return obstacle_of(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return obstacle_of(error.os_error)
    return None


def _no_answer(error: Exception, failure: Failure) -> StartError:
    if failure is Failure.RATE_LIMITED:
        return StartError(
            f"Slack asks to be left alone for {retry_delay(error):g} s, longer than start_timeout"
            " allows.",
            _RATE_LIMITED_HINT,
            exit_code=UNAVAILABLE,
        )
    obstacle = _obstacle(error) or Obstacle.NO_ANSWER
    return StartError(
        f"Slack does not answer: {describe(error)}.",
        _HINTS.get(obstacle, _HINTS[Obstacle.NO_ANSWER]),
        exit_code=UNAVAILABLE if obstacle.passes else MISCONFIGURED,
    )


def is_transient(error: BaseException) -> bool:
    """Return whether one of SLACK_ERRORS may not come again, where nobody changes the setup."""
    if (obstacle := _obstacle(error)) is not None:
        return obstacle.passes
    return classify(error) in TRANSIENT


def hint_for(error: BaseException) -> str:
    """Return what to do about one of SLACK_ERRORS that may pass."""
    if classify(error) is Failure.RATE_LIMITED:
        return _RATE_LIMITED_HINT
    return _HINTS.get(_obstacle(error) or Obstacle.NO_ANSWER, _HINTS[Obstacle.NO_ANSWER])


def _refused(setting: str, error: Exception) -> StartError:
    code = error_code(error) if isinstance(error, SlackApiError) else ""
    cure = _CAUSE_HINTS.get((setting, code)) or _CAUSE_HINTS.get(("", code), _CURE)
    return StartError(f"Slack refuses {setting}: {describe(error)}.", cure, exit_code=MISCONFIGURED)


_HINTS = {
    Obstacle.NO_ANSWER: (
        "Check the network, the proxy and slack.apiurl; status.slack.com says whether Slack is"
        " down."
    ),
    Obstacle.CLOCK: (
        "Check this machine's clock first. If it is right, a proxy on the way shows a certificate"
        " that is not valid."
    ),
    Obstacle.OTHER_CLUSTER: (
        "A proxy on the way replaces certificates: name the file with its CA in SSL_CERT_FILE."
    ),
    Obstacle.NOT_TLS: "Check slack.apiurl and its port: what answers there is not HTTPS.",
}
_RATE_LIMITED_HINT = (
    "Wait that long. Are there many copies of the bot, or one that starts again and again?"
)
_NOT_OF_A_BOT = "slack.token is not the token of a bot."
"""auth.test also takes app-level tokens, and tokens of users; only a bot's has a `bot_id`
(docs.slack.dev/reference/methods/auth.test)."""
_BEGINNINGS = "slack.token begins with xoxb-, slack.app_token with xapp-."
_ORG_WIDE = (
    "The Slack app is installed for a whole Enterprise organization, but the bot works in one"
    " workspace."
)
"""Its token belongs to no workspace, so each user would seem to belong to another one."""
_ORG_WIDE_HINT = (
    "Remove the app from the organization, install it to one workspace, and use that"
    " installation's token as slack.token."
)
_CURE = "Copy the token again from the app's settings at api.slack.com/apps."
_CAUSE_HINTS = {
    ("", "not_allowed_token_type"): _BEGINNINGS,
    ("slack.app_token", "missing_scope"): "Give the app token the scope connections:write.",
    ("", "account_inactive"): "The app was uninstalled; install it to the workspace again.",
    ("", "token_revoked"): "Install the app to the workspace again and copy the new token.",
}
"""By setting, if it matters which, and by Slack's word."""

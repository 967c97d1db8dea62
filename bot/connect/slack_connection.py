"""Checks of the Slack tokens at startup, and hints for failed calls."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.connect.startup_retry import retry_until
from bot.start_error import MISCONFIGURED, UNAVAILABLE, StartError
from teleport_client.transport.obstacle import Obstacle, obstacle_of
from workspace.sending.slack_failure import (
    SLACK_ERRORS,
    TRANSIENT,
    Failure,
    classify,
    describe,
    error_code,
    retry_delay,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Installation:
    """The app's installation in a workspace, as auth.test returns it."""

    team: str
    bot_id: str
    scopes: frozenset[str]
    auth_test: Mapping[str, Any]


async def check_installation(client: AsyncWebClient, *, deadline_at: float) -> Installation:
    """Check the bot token, until `deadline_at` of the monotonic clock. Raises StartError."""
    response = await _retry_until(client.auth_test, "slack.token", deadline_at)
    if not response.get("bot_id"):
        raise StartError(_NOT_A_BOT, _PREFIX_HINT, exit_code=MISCONFIGURED)
    if response.get("is_enterprise_install"):
        raise StartError(_ORG_WIDE, _ORG_WIDE_HINT, exit_code=MISCONFIGURED)
    scopes = frozenset(str(response.headers.get("x-oauth-scopes", "")).replace(" ", "").split(","))
    return Installation(
        team=response["team_id"],
        bot_id=response["bot_id"],
        scopes=scopes,
        auth_test=response.data,
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
    """Call while Slack isn't responding. Raises StartError, at once for a permanent error."""
    try:
        return await retry_until(
            deadline_at,
            call,
            pause_after=_pause_after,
            report=_report_retry,
            first_pause=0.5,
            max_pause=5.0,
        )
    except SLACK_ERRORS as error:
        raise _start_error(setting, error) from error


def _pause_after(error: Exception, backoff: float) -> float | None:
    if not isinstance(error, SLACK_ERRORS) or not is_transient(error):
        return None
    return retry_delay(error) or backoff


def _report_retry(error: Exception, seconds: float) -> None:
    log.warning("slack_unreachable", error=describe(error), retry_in_seconds=seconds)


def is_transient(error: BaseException) -> bool:
    """Return whether one of SLACK_ERRORS can pass without a change to the setup."""
    if (obstacle := _obstacle(error)) is not None:
        return obstacle.transient
    return classify(error) in TRANSIENT


def hint_for(error: BaseException) -> str:
    """Return a hint for one of SLACK_ERRORS that prevented a response from Slack."""
    if classify(error) is Failure.RATE_LIMITED:
        return _RATE_LIMITED_HINT
    return _HINTS.get(_obstacle(error) or Obstacle.NO_ANSWER, _HINTS[Obstacle.NO_ANSWER])


def _obstacle(error: BaseException) -> Obstacle | None:
    """Return the reason for a failed TLS handshake; None for any other error."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return obstacle_of(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return obstacle_of(error.os_error)
    return None


def _start_error(setting: str, error: Exception) -> StartError:
    failure = classify(error)
    if failure not in TRANSIENT:
        return _rejected(setting, error)
    if failure is Failure.RATE_LIMITED:
        return StartError(
            f"Slack is rate limiting the bot for {retry_delay(error):g} s, longer than"
            " start_timeout.",
            _RATE_LIMITED_HINT,
            exit_code=UNAVAILABLE,
        )
    return StartError(
        f"Slack isn't responding: {describe(error)}.",
        hint_for(error),
        exit_code=UNAVAILABLE if is_transient(error) else MISCONFIGURED,
    )


def _rejected(setting: str, error: Exception) -> StartError:
    code = error_code(error) if isinstance(error, SlackApiError) else ""
    hint = _REJECTION_HINTS.get((setting, code)) or _REJECTION_HINTS.get(("", code), _COPY_HINT)
    return StartError(
        f"Slack rejected {setting}: {describe(error)}.", hint, exit_code=MISCONFIGURED
    )


_HINTS = {
    Obstacle.NO_ANSWER: (
        "Check the network, the proxy and slack.apiurl; status.slack.com shows outages of Slack."
    ),
    Obstacle.CLOCK: (
        "Check this machine's clock first. If it is right, a proxy in between uses a certificate"
        " that isn't valid."
    ),
    Obstacle.OTHER_CLUSTER: (
        "A proxy in between replaces certificates: set SSL_CERT_FILE to the file with its CA."
    ),
    Obstacle.NOT_TLS: "Check slack.apiurl and its port: the server there doesn't use HTTPS.",
}
_RATE_LIMITED_HINT = "Check for extra replicas or a restart loop."
_NOT_A_BOT = "slack.token isn't the token of a bot."
"""auth.test also accepts app-level tokens, and tokens of users. Only a bot's response has a
`bot_id` (docs.slack.dev/reference/methods/auth.test)."""
_PREFIX_HINT = "Use an xoxb- token for slack.token and an xapp- token for slack.app_token."
_ORG_WIDE = (
    "The Slack app is installed for a whole Enterprise organization, but the bot works in one"
    " workspace."
)
"""Such a token belongs to no workspace, so each user would seem to belong to another one."""
_ORG_WIDE_HINT = (
    "Remove the app from the organization, install it to one workspace, and use that"
    " installation's token as slack.token."
)
_COPY_HINT = "Copy the token again from the app's settings at api.slack.com/apps."
_REJECTION_HINTS = {
    ("", "not_allowed_token_type"): _PREFIX_HINT,
    ("slack.app_token", "missing_scope"): "Add the scope connections:write to the app token.",
    ("", "account_inactive"): "The app was uninstalled. Reinstall it to the workspace.",
    ("", "token_revoked"): "Reinstall the app to the workspace and copy the new token.",
}
"""By setting and Slack's error code; the empty setting means both."""

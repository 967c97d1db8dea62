"""What it means when a call to Slack fails, in one table."""

from enum import Enum

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError


class Failure(Enum):
    RATE_LIMITED = "rate_limited"
    """Nothing was done; the same call is welcome after a while."""
    TRY_AGAIN = "try_again"
    """Slack is unwell and did nothing."""
    UNCERTAIN = "uncertain"
    """The answer never came: Slack may have done it."""
    MESSAGE_GONE = "message_gone"
    """The message to change does not exist any more, or may not be changed."""
    UNREACHABLE = "unreachable"
    """This channel or person cannot be written to."""
    REVOKED = "revoked"
    """The token opens nothing any more."""
    REJECTED = "rejected"
    """Slack will never take this call; the mistake is ours or the set-up's."""


_BY_ERROR: dict[str, Failure] = {
    **dict.fromkeys(("ratelimited", "rate_limited"), Failure.RATE_LIMITED),
    **dict.fromkeys(("service_unavailable", "team_added_to_org"), Failure.TRY_AGAIN),
    # These may have partly succeeded (docs.slack.dev/reference/methods, common errors).
    **dict.fromkeys(("internal_error", "fatal_error", "request_timeout"), Failure.UNCERTAIN),
    **dict.fromkeys(
        ("message_not_found", "cant_update_message", "edit_window_closed", "is_inactive",
         "block_mismatch"),
        Failure.MESSAGE_GONE,
    ),
    **dict.fromkeys(
        ("channel_not_found", "not_in_channel", "is_archived", "messages_tab_disabled",
         "user_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot",
         "restricted_action", "restricted_action_read_only_channel",
         "restricted_action_thread_only_channel", "restricted_action_non_threadable_channel"),
        Failure.UNREACHABLE,
    ),
    **dict.fromkeys(
        ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
         "not_allowed_token_type", "org_login_required", "ekm_access_denied", "accesslimited",
         "missing_scope", "forbidden_team"),
        Failure.REVOKED,
    ),
}  # fmt: skip

PASSING = frozenset({Failure.RATE_LIMITED, Failure.TRY_AGAIN, Failure.UNCERTAIN})
"""Failures that say nothing about the call itself: the same may succeed later."""
SLACK_ERRORS = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)
"""What a call can raise because of Slack or the way to it; anything else is a mistake of ours."""

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_RETRY_AFTER = 30.0
"""Seconds to wait when Slack does not say how long."""


def failure_of(error: BaseException) -> Failure:
    """Classify one of SLACK_ERRORS."""
    if isinstance(error, SlackApiError):
        if error.response.status_code == _TOO_MANY_REQUESTS:
            return Failure.RATE_LIMITED
        if error.response.status_code >= _SERVER_ERROR:
            return Failure.UNCERTAIN
        code = error_code(error)
        # Without one it is not Slack's answer, but that of something on the way to it.
        return _BY_ERROR.get(code, Failure.REJECTED) if code else Failure.UNCERTAIN
    if isinstance(error, aiohttp.ClientConnectorError):
        return Failure.TRY_AGAIN
    return Failure.UNCERTAIN


def error_code(error: SlackApiError) -> str:
    """Slack's own word for the error; empty for an answer that is not Slack's JSON."""
    data = error.response.data
    code = data.get("error") if isinstance(data, dict) else None
    return str(code or "")


def in_words(error: BaseException) -> str:
    """Say in one line what one of SLACK_ERRORS was.

    An SDK's error quotes the whole answer, which may quote what was sent.
    """
    if isinstance(error, SlackApiError):
        return error_code(error) or f"HTTP status {error.response.status_code}, and no JSON"
    if isinstance(error, aiohttp.ClientResponseError):
        # Its own words quote addresses, and a proxy's address may hold a password.
        return f"{type(error).__name__}: {error.status} {error.message}"
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def retry_after(error: BaseException) -> float:
    """Seconds for which Slack asked to be left alone with this method."""
    if not isinstance(error, SlackApiError):
        return _RETRY_AFTER
    stated = (error.response.headers or {}).get("Retry-After", "")
    return float(stated) if str(stated).isdecimal() else _RETRY_AFTER

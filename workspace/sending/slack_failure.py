"""The meaning of each Slack error, and the action that follows from it, in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    """The message no longer exists, or Slack doesn't allow changes to it."""
    UNREACHABLE = "unreachable"
    """This channel or person cannot be written to."""
    REVOKED = "revoked"
    """The token opens nothing any more."""
    FORBIDDEN = "forbidden"
    """The token lacks the permission for this method."""
    REJECTED = "rejected"
    """Slack rejected the call for a reason that this table doesn't contain."""


class PostFailureAction(Enum):
    """The action after a message couldn't be posted."""

    WAIT = "wait"
    """The outbox sends it again when Slack's Retry-After is over."""
    RETRY = "retry"
    """It did not get there; it is tried again soon."""
    CHECK_HISTORY = "look"
    """It may have got there; it is looked for, and posted again if it cannot be found."""
    RETRY_LATER = "rest"
    """It is tried again every few minutes; a recipient that is out of reach is named as such."""
    GIVE_UP = "let_go"
    """It is not tried again."""


class UpdateFailureAction(Enum):
    """The action after a card couldn't be updated."""

    WAIT = "wait"
    """As for a post."""
    RETRY = "retry"
    """It is tried again soon; an edit done twice shows no difference."""
    REPLACE = "replace"
    """The card stays outdated, perhaps with buttons: a new card shows the current state."""
    REPLACE_WHILE_WAITING = "replace_while_waiting"
    """The card isn't visible any more: post a new one if the request is still pending."""
    RETRY_LATER = "rest"
    """It is tried again every few minutes."""
    GIVE_UP = "let_go"
    """It is not tried again: there is nothing to see any more."""


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """The meaning of one Slack error, and the actions that follow from it."""

    failure: Failure
    card: PostFailureAction
    """After a failed post to a channel or person that gets the cards."""
    dm: PostFailureAction
    """After a failed post to a requester."""
    update: UpdateFailureAction


_LIMITED = FailurePolicy(
    Failure.RATE_LIMITED,
    card=PostFailureAction.WAIT,
    dm=PostFailureAction.WAIT,
    update=UpdateFailureAction.WAIT,
)
_UNAVAILABLE = FailurePolicy(
    Failure.TRY_AGAIN,
    card=PostFailureAction.RETRY,
    dm=PostFailureAction.RETRY,
    update=UpdateFailureAction.RETRY,
)
_UNCERTAIN = FailurePolicy(
    Failure.UNCERTAIN,
    card=PostFailureAction.CHECK_HISTORY,
    dm=PostFailureAction.CHECK_HISTORY,
    update=UpdateFailureAction.RETRY,
)
_GONE = FailurePolicy(
    Failure.MESSAGE_GONE,
    card=PostFailureAction.GIVE_UP,
    dm=PostFailureAction.GIVE_UP,
    update=UpdateFailureAction.REPLACE_WHILE_WAITING,
)
_FROZEN = FailurePolicy(
    Failure.MESSAGE_GONE,
    card=PostFailureAction.GIVE_UP,
    dm=PostFailureAction.GIVE_UP,
    update=UpdateFailureAction.REPLACE,
)
_UNREACHABLE = FailurePolicy(
    Failure.UNREACHABLE,
    card=PostFailureAction.RETRY_LATER,
    dm=PostFailureAction.GIVE_UP,
    update=UpdateFailureAction.RETRY_LATER,
)
_REVOKED = FailurePolicy(
    Failure.REVOKED,
    card=PostFailureAction.RETRY,
    dm=PostFailureAction.RETRY,
    update=UpdateFailureAction.RETRY,
)
_FORBIDDEN = FailurePolicy(
    Failure.FORBIDDEN,
    card=PostFailureAction.RETRY,
    dm=PostFailureAction.RETRY,
    update=UpdateFailureAction.RETRY,
)
_REJECTED = FailurePolicy(
    Failure.REJECTED,
    card=PostFailureAction.RETRY_LATER,
    dm=PostFailureAction.RETRY_LATER,
    update=UpdateFailureAction.RETRY_LATER,
)

NO_ANSWER = "(no answer)"
NO_CONNECTION = "(no connection)"
NOT_JSON = "(a page instead of JSON)"
ANY_OTHER = "(any other)"

RULES: Mapping[str, FailurePolicy] = {
    "ratelimited": _LIMITED,
    "rate_limited": _LIMITED,
    "service_unavailable": _UNAVAILABLE,
    "team_added_to_org": _UNAVAILABLE,
    NO_CONNECTION: _UNAVAILABLE,
    # These may have partly succeeded.
    "internal_error": _UNCERTAIN,
    "fatal_error": _UNCERTAIN,
    "request_timeout": _UNCERTAIN,
    NO_ANSWER: _UNCERTAIN,
    NOT_JSON: _UNCERTAIN,
    "message_not_found": _GONE,
    "cant_update_message": _FROZEN,
    "edit_window_closed": _FROZEN,
    "block_mismatch": _FROZEN,
    "is_inactive": _GONE,
    "cannot_reply_to_message": _GONE,
    "channel_not_found": _UNREACHABLE,
    "not_in_channel": _UNREACHABLE,
    "is_archived": _UNREACHABLE,
    "messages_tab_disabled": _UNREACHABLE,
    "user_not_found": _UNREACHABLE,
    "users_not_found": _UNREACHABLE,
    "user_disabled": _UNREACHABLE,
    "user_not_visible": _UNREACHABLE,
    "cannot_dm_bot": _UNREACHABLE,
    "restricted_action": _UNREACHABLE,
    "restricted_action_read_only_channel": _UNREACHABLE,
    "restricted_action_thread_only_channel": _UNREACHABLE,
    "restricted_action_thread_locked": _UNREACHABLE,
    "restricted_action_non_threadable_channel": _UNREACHABLE,
    "invalid_auth": _REVOKED,
    "not_authed": _REVOKED,
    # Of every method: the account is the token's, also where a person is written to.
    "account_inactive": _REVOKED,
    "token_revoked": _REVOKED,
    "token_expired": _REVOKED,
    "not_allowed_token_type": _REVOKED,
    "org_login_required": _REVOKED,
    "ekm_access_denied": _REVOKED,
    "accesslimited": _REVOKED,
    "two_factor_setup_required": _REVOKED,
    "missing_scope": _FORBIDDEN,
    "no_permission": _FORBIDDEN,
    "access_denied": _FORBIDDEN,
    "team_access_not_granted": _FORBIDDEN,
    "forbidden_team": _REVOKED,
    ANY_OTHER: _REJECTED,
}
"""By Slack's code, or a word of ours in brackets if Slack sends none.

Source: docs.slack.dev/reference/methods, chat.postMessage, chat.update, conversations.open, and the
errors common to all methods.

Status 429 takes precedence over any code, and so does 5xx, after which the outcome is unknown.
"""

CONTENT_ERRORS = frozenset(
    {
        "invalid_arguments",
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "view_too_large",
    }
)
"""Slack's words for a message or view that it accepts nowhere (docs.slack.dev: chat.postMessage,
views.update)."""

TRANSIENT = frozenset({Failure.RATE_LIMITED, Failure.TRY_AGAIN, Failure.UNCERTAIN})
"""Failures that end without any change to the setup."""
PERMANENT = frozenset(
    {Failure.MESSAGE_GONE, Failure.UNREACHABLE, Failure.FORBIDDEN, Failure.REJECTED}
)
"""Failures because of the call itself. After any other failure the same call can succeed."""
SLACK_ERRORS = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)
"""Errors of Slack or of the connection to it. Any other error is a bug."""

_TOO_MANY_REQUESTS = 429
_REDIRECTS = range(300, 400)
"""Slack sends none; some need no target, and a session doesn't refuse them."""
_SERVER_ERROR = 500
_RETRY_AFTER = 30.0
"""Seconds to wait if Slack's response has no Retry-After."""
_LONGEST_RETRY_AFTER = 3600.0
"""Seconds. A longer one is a mistake on the way, and must not silence the bot for days."""


def policy_for(error: BaseException) -> FailurePolicy:
    """Find the rule for one of SLACK_ERRORS."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return RULES[NO_CONNECTION]
    if not isinstance(error, SlackApiError):
        return RULES[NO_ANSWER]
    if error.response.status_code == _TOO_MANY_REQUESTS:
        return RULES["ratelimited"]
    code, status = error_code(error), error.response.status_code
    if not code or status in _REDIRECTS or status >= _SERVER_ERROR:
        return RULES[NOT_JSON]
    return RULES.get(code, RULES[ANY_OTHER])


def classify(error: BaseException) -> Failure:
    """Classify one of SLACK_ERRORS."""
    return policy_for(error).failure


def is_transient(error: BaseException) -> bool:
    """Whether this is one of SLACK_ERRORS, and the same call may succeed later."""
    return isinstance(error, SLACK_ERRORS) and classify(error) not in PERMANENT


def error_code(error: SlackApiError) -> str:
    """Slack's own word for the error; empty for an answer of something on the way to Slack."""
    data = error.response.data
    slacks = isinstance(data, dict) and data.get("ok") is False
    return str(data.get("error") or "") if slacks else ""


def _needed_scope(error: SlackApiError) -> str:
    """Return the scope that Slack names where the token lacks one."""
    data = error.response.data
    return str(data.get("needed") or "") if isinstance(data, dict) else ""


def describe(error: BaseException) -> str:
    """Describe one of SLACK_ERRORS in one line.

    An SDK error quotes the complete response, which can contain the request's content.
    """
    if isinstance(error, SlackApiError):
        code, needed = error_code(error), _needed_scope(error)
        if needed:
            return f"{code} ({needed})"
        return code or f"HTTP status {error.response.status_code} without JSON"
    if isinstance(error, aiohttp.ClientResponseError):
        # Its own words quote addresses, and a proxy's address may hold a password.
        return f"{type(error).__name__}: {error.status} {error.message}"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        detail = getattr(cause, "verify_message", "") or type(cause).__name__
        return f"the certificate of {error.host}:{error.port} is not trusted ({detail})"
    if isinstance(error, aiohttp.ClientConnectorError):
        # Its own words quote Python's TLS settings.
        detail = error.os_error.strerror or str(error.os_error) or type(error.os_error).__name__
        return f"no connection to {error.host}:{error.port} ({' '.join(detail.split())})"
    detail = " ".join(str(error).split())
    return f"{type(error).__name__}: {detail}" if detail else type(error).__name__


def retry_delay(error: BaseException) -> float:
    """Seconds for which Slack asked to be left alone with this method, if it did."""
    if classify(error) is not Failure.RATE_LIMITED or not isinstance(error, SlackApiError):
        return 0.0
    return retry_after(error.response.headers)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that the headers of an answer with status 429 name."""
    stated = headers.get("Retry-After", "")
    return min(float(stated), _LONGEST_RETRY_AFTER) if stated.isdecimal() else _RETRY_AFTER

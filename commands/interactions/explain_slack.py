"""Explain an error of Slack to a user that waits for a response.

An error that a repeated call can fix, or that is about the token, isn't about the user. An error
about a user, channel, message or view is. Codes: docs.slack.dev/reference/methods.
"""

from collections.abc import Mapping

from slack_sdk.errors import SlackApiError

from workspace.requests.user_error import UserError
from workspace.sending.slack_failure import Failure, classify, describe, error_code
from workspace.text.untrusted import safe_name

_OPERATOR = "Tell the bot's operator, and use tsh in the meantime."
_BY_FAILURE: Mapping[Failure, str] = {
    Failure.RATE_LIMITED: (
        "Slack limits the bot's calls right now. Nothing changed. Try again in a minute."
    ),
    Failure.TRY_AGAIN: (
        "Slack isn't responding to the bot. Nothing changed. Try again in a moment."
    ),
    Failure.UNCERTAIN: (
        "Slack isn't responding to the bot. Nothing changed. Try again in a moment."
    ),
    Failure.REVOKED: f"The bot's Slack token no longer works. Nothing changed. {_OPERATOR}",
    Failure.MESSAGE_GONE: (
        "This message was deleted, or can't be changed any more. Run /teleport-pending to see the"
        " pending requests."
    ),
}
_NO_CHANNEL = (
    "The bot can't post in this channel. Run the command again in another channel, or in the"
    " messages of the app."
)
_NO_USER = "Slack doesn't show your account to the bot. Use tsh or the Teleport web UI."
_BY_CODE: Mapping[str, str] = {
    "user_not_found": _NO_USER,
    "users_not_found": _NO_USER,
    "user_not_visible": _NO_USER,
    "user_disabled": "Your Slack account is deactivated. Use tsh or the Teleport web UI.",
    "cannot_dm_bot": "Bots can't use Teleport from Slack. Use tsh or the Teleport web UI.",
    "messages_tab_disabled": (
        f"The messages of this app are turned off in its settings. {_OPERATOR}"
    ),
}


def explain_slack(error: Exception) -> UserError:
    """Return an explanation with the next step, for one of SLACK_ERRORS."""
    failure = classify(error)
    return UserError(_text(error, failure), reason=f"slack_{failure.value}")


def _text(error: Exception, failure: Failure) -> str:
    if text := _BY_FAILURE.get(failure):
        return text
    if failure is Failure.UNREACHABLE and isinstance(error, SlackApiError):
        return _BY_CODE.get(error_code(error), _NO_CHANNEL)
    code = safe_name(describe(error))
    if failure is Failure.FORBIDDEN:
        return f"Slack denies the bot a permission: {code}. Nothing changed. {_OPERATOR}"
    return (
        f"Slack rejected a call of the bot: {code}. Check /teleport-pending before you try again,"
        " and tell the bot's operator."
    )

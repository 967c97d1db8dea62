"""Rows about the clock, recipients and users in Slack."""

from collections.abc import AsyncIterator
from dataclasses import replace

from slack_sdk.web.async_client import AsyncWebClient

from bot.connect.slack_connection import hint_for
from bot.observe.clock import HINT, MAX_SKEW, SlackClock
from bot.settings.settings import Settings
from bot.setup.doctor.check import Check, Level, failure, ok, unavailable, unknown, warning
from notifications.routing.recipient_lookup import RecipientFinder, RecipientLookup
from notifications.routing.recipient_problems import NOT_IN_CHANNEL, NOT_LISTED, recipient_hint
from teleport_client.errors import TeleportError
from workspace.directory.slack_account import account_by_id
from workspace.directory.user_directory import UserDirectory
from workspace.requests.user_error import UserError
from workspace.sending.slack_failure import SLACK_ERRORS, describe, retry_delay
from workspace.slack_ids import is_conversation_id, is_user_id

_COPY_ID = (
    "Copy the ID in Slack: open the user's profile, then the menu with three dots, Copy member ID."
    " It looks like U012ABCDEF."
)
_FALLBACK_HINT = "Set slack.fallback_channel for requests whose recipients are all unreachable."
_PERSON_PROBLEMS = {
    "unmapped": ("no Teleport user is linked to this Slack account", "Run: {command}"),
    "ambiguous": (
        "several Teleport users belong to this Slack account",
        "Keep its ID in the trait of one user only.",
    ),
    "linked_elsewhere": (
        "the Teleport user with this email address is linked to another Slack account",
        "Correct the ID in the user's trait.",
    ),
    "user_bot": (
        "a bot user of Teleport is linked to this Slack account",
        "Link it to the person's own user.",
    ),
    "user_locked": (
        "the Teleport user of this Slack account is locked",
        "Wait until the lock expires, or remove it.",
    ),
}
"""Details and hints by the reason of a UserError."""


def clock(measured: SlackClock) -> Check:
    """Compare the clock with Slack's. Expiry times in calls to Teleport are absolute."""
    if not measured.checked:
        return unknown("clock", "Slack sent no time", "Check it with `date`.")
    if measured.skew > MAX_SKEW:
        hint = f"{HINT[0].upper()}{HINT[1:]}."
        return warning("clock", f"{measured.seconds():.0f} s off Slack's", hint)
    return ok("clock", "in sync")


async def recipients(finder: RecipientFinder, settings: Settings) -> AsyncIterator[Check]:
    """Yield a row for each recipient in the settings, the fallback channel last."""
    names = {
        name: "role_to_recipients"
        for names in settings.role_to_recipients.values()
        for name in names
    }
    if settings.slack.fallback_channel:
        names.setdefault(settings.slack.fallback_channel, "slack.fallback_channel")
    for name, setting in names.items():
        row = f"recipient {name}"
        try:
            check = _recipient(row, setting, await finder.find(name), finder)
            lost = check.level is Level.FAILURE and not settings.slack.fallback_channel
            yield replace(check, hint=f"{check.hint} {_FALLBACK_HINT}") if lost else check
        except SLACK_ERRORS as error:
            yield _lookup_failed(row, error)


def _lookup_failed(row: str, error: BaseException) -> Check:
    """Return the row for a transient one of SLACK_ERRORS."""
    if seconds := retry_delay(error):
        detail = f"Slack is rate limiting the bot for {seconds:g} s"
        return unavailable(row, detail, "Run doctor again after that.")
    return unavailable(row, f"lookup failed: {describe(error)}", hint_for(error))


def _recipient(row: str, setting: str, found: RecipientLookup, finder: RecipientFinder) -> Check:
    if found.problem:
        return failure(row, found.problem, recipient_hint(found.problem, setting))
    if found.unchecked:
        scopes = " and ".join(found.unchecked)
        detail = f"can't be checked without {scopes}; the bot posts cards to it unchecked"
        hint = "Make sure that the bot is in this channel and no other organization shares it."
        return warning(row, detail, hint)
    if found.bot_is_member or finder.posts_uninvited:
        return ok(row, "available")
    problem = NOT_IN_CHANNEL if is_conversation_id(found.address) else NOT_LISTED
    return failure(row, problem, recipient_hint(problem, setting))


def _unusable(row: str, error: UserError) -> Check:
    """Return the row for an account that can't act. The error's text addresses its owner."""
    detail, hint = _PERSON_PROBLEMS.get(error.reason, (error.text, ""))
    return failure(row, detail, hint.format(command=error.suggested_command))


async def person(slack: AsyncWebClient, users: UserDirectory, slack_user_id: str) -> Check:
    """Look up the Teleport user of a Slack user."""
    name = f"person {slack_user_id}"
    if not is_user_id(slack_user_id):
        return failure(name, f"{slack_user_id} isn't a Slack user ID", _COPY_ID)
    try:
        if await account_by_id(slack, slack_user_id) is None:
            return failure(name, "Slack has no user with this ID", _COPY_ID)
        known = await users.linked_user(slack_user_id, fresh=True)
    except UserError as error:
        return _unusable(name, error)
    except TeleportError as error:
        return failure(name, f"lookup failed: {error}", "Check the permission rows above.")
    except SLACK_ERRORS as error:
        return _lookup_failed(name, error)
    return ok(name, f"linked to the Teleport user {known.name}")

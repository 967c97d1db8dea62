"""Slack's half: tokens, scopes, the clock, where cards go, and who is who."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from time import monotonic
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.connect.slack_connection import SCOPES, Installation, first_socket_url, hint_for
from bot.observe.clock import HINT, MAX_SKEW, SlackClock
from bot.settings.settings import Settings
from bot.setup.doctor.check import (
    Check,
    failure,
    ok,
    start_failure,
    unavailable,
    unknown,
    warning,
)
from bot.setup.doctor.socket_mode import greeting_at, no_socket, same_app, socket_row, unseen
from bot.setup.slack_scopes import needed_scopes, without
from bot.start_error import StartError
from notifications.routing.address import is_conversation_id, is_user_id
from notifications.routing.recipients import RecipientLookup, Recipients
from notifications.routing.unreachable import NO_SUCH_CHANNEL, NOT_IN_CHANNEL, recipient_hint
from teleport_client.errors import TeleportError
from teleport_client.transport.http_proxy import proxy_for_url
from workspace.directory.slack_account import account_by_id
from workspace.directory.user_directory import UserDirectory
from workspace.requests.user_error import UserError
from workspace.sending.slack_failure import SLACK_ERRORS, describe, retry_delay

_COPY_ID = (
    "Copy the ID in Slack: open the user's profile, then the menu with three dots, Copy member ID."
    " It looks like U012ABCDEF."
)


def token(settings: Settings, installation: Installation) -> Iterator[Check]:
    yield ok("slack", f"team {installation.auth_test.get('team')} ({installation.team})")
    yield _scopes(settings, installation)


async def sockets(
    slack: AsyncWebClient,
    http: aiohttp.ClientSession,
    installation: Installation,
    app_token: str,
    *,
    end: float,
) -> AsyncIterator[Check]:
    """Open a socket until `end` of the monotonic clock, as the bot does."""
    name = "slack sockets"
    if not app_token:
        yield ok(name, "no app token: the bot only notifies")
        return
    try:
        address = await first_socket_url(slack, app_token, deadline_at=end)
    except StartError as error:
        yield start_failure(name, error)
        return
    try:
        async with asyncio.timeout(max(1.0, end - monotonic())):
            greeting = await greeting_at(http, address)
    except SLACK_ERRORS as error:
        yield no_socket(address, error)
        return
    yield socket_row(address, greeting)
    if greeting.hello:
        yield await same_app(slack, installation, greeting.app)
        yield await responses(http, response_host(slack.base_url))
        yield unseen()


def response_host(apiurl: str) -> str:
    """Return the URL of the host that gets private responses (response_url): one of its own."""
    parts = urlsplit(apiurl)
    on_slack = parts.hostname == "slack.com"
    return "https://hooks.slack.com/" if on_slack else f"{parts.scheme}://{parts.netloc}/"


async def responses(http: aiohttp.ClientSession, url: str) -> Check:
    """Connect to that host; whatever it answers to a GET, it is within reach."""
    name, host = "slack responses", urlsplit(url).netloc
    try:
        async with http.get(url, proxy=proxy_for_url(url), allow_redirects=False):
            return ok(name, f"{host} is within reach")
    except SLACK_ERRORS as error:
        detail = f"{describe(error)}; private responses come late and by chat.postEphemeral"
        return warning(name, detail, f"Let connections to {host} through.")


def _scopes(settings: Settings, installation: Installation) -> Check:
    missing = [scope for scope in SCOPES if scope not in installation.scopes]
    if not missing:
        return ok("slack scopes", "all that are needed")
    effects = "; ".join(map(without, missing))
    hint = (
        f"Add {', '.join(missing)} to the app (OAuth & Permissions, or the manifest that"
        " `teleport-chatops manifest` prints) and install it again."
    )
    worst = failure if {*missing} & {*needed_scopes(settings)} else warning
    return worst("slack scopes", f"the bot's token lacks {', '.join(missing)}: {effects}", hint)


def clock(told: SlackClock) -> Check:
    """By the dates of Slack's answers; what Teleport is asked for are absolute times."""
    if not told.checked:
        return unknown("clock", "Slack told no time", "Look at it yourself, with `date`.")
    if told.skew > MAX_SKEW:
        hint = f"{HINT[0].upper()}{HINT[1:]}."
        return warning("clock", f"{told.seconds():.0f} s off Slack's", hint)
    return ok("clock", "as Slack's")


async def recipients(detail: Recipients, settings: Settings) -> AsyncIterator[Check]:
    """Each name in the settings, the fallback channel's last."""
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
            yield _recipient(row, setting, await detail.look_up(name), detail)
        except SLACK_ERRORS as error:
            yield _not_told(row, error)


def _not_told(row: str, error: BaseException) -> Check:
    """One of SLACK_ERRORS that may pass."""
    if seconds := retry_delay(error):
        detail = f"Slack is rate limiting the bot for {seconds:g} s"
        return unavailable(row, detail, "Run doctor again after that.")
    return unavailable(row, f"Slack does not tell: {describe(error)}", hint_for(error))


def _recipient(row: str, setting: str, detail: RecipientLookup, recipients: Recipients) -> Check:
    if detail.problem:
        return failure(row, detail.problem, recipient_hint(detail.problem, setting))
    if detail.unchecked:
        scopes = " and ".join(detail.unchecked)
        return warning(
            row, f"can't be checked without {scopes}; cards go to it unchecked",
            "Make sure that the bot is in this channel and that no other company shares it.",
        )  # fmt: skip
    if detail.bot_is_member or recipients.posts_uninvited:
        return ok(row, "reachable")
    problem = NOT_IN_CHANNEL if is_conversation_id(detail.address) else NO_SUCH_CHANNEL
    return failure(row, problem, recipient_hint(problem, setting))


async def person(slack: AsyncWebClient, people: UserDirectory, slack_user_id: str) -> Check:
    """Who somebody in Slack is in Teleport."""
    name = f"person {slack_user_id}"
    if not is_user_id(slack_user_id):
        return failure(name, f"{slack_user_id} isn't a Slack user ID", _COPY_ID)
    try:
        if await account_by_id(slack, slack_user_id) is None:
            return failure(name, "Slack knows no user with this ID", _COPY_ID)
        known = await people.person(slack_user_id, fresh=True)
    except UserError as refusal:
        return failure(name, refusal.text, refusal.suggested_command or "See the sentence.")
    except TeleportError as error:
        return failure(name, f"Teleport does not tell: {error}", "See the rows on its rights.")
    except SLACK_ERRORS as error:
        return _not_told(name, error)
    return ok(name, f"is {known.name} in Teleport")

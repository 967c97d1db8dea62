"""Rows about Slack. Slack is reached first, since its responses show the time, and shown last."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from time import monotonic

import aiohttp

from bot.compose import build_recipient_finder, build_user_directory
from bot.connect.slack_client import SlackClient, open_slack
from bot.connect.slack_connection import Installation, check_installation
from bot.features.choices import choices_from
from bot.observe.clock import SlackClock
from bot.settings.settings import Settings
from bot.setup.doctor import slack, socket_mode
from bot.setup.doctor.check import Check, ok, start_failure
from bot.setup.doctor.scopes import scope_rows
from bot.start_error import StartError
from teleport_client.client import TeleportClient
from workspace.requests.review_policy import ReviewMode


@dataclass(frozen=True, slots=True)
class Workspace:
    settings: Settings
    clock: SlackClock
    http: aiohttp.ClientSession
    web: SlackClient
    installation: Installation | StartError
    seconds: float

    async def rows(self, client: TeleportClient | None, slack_user_id: str) -> AsyncIterator[Check]:
        """Yield the rows. `client` is None if Teleport can't be reached."""
        installation, settings = self.installation, self.settings
        if isinstance(installation, StartError):
            yield start_failure("slack", installation)
            return
        yield ok("slack", f"team {installation.auth_test.get('team')} ({installation.team})")
        # The scopes of a feature don't depend on the review mode.
        for check in scope_rows(choices_from(settings, ReviewMode.NOTIFY), installation.scopes):
            yield check
        app_token = settings.app_token.get_secret_value() if settings.app_token else ""
        async for check in socket_mode.rows(
            self.web, self.http, installation, app_token, deadline_at=monotonic() + self.seconds
        ):
            yield check
        finder = build_recipient_finder(
            self.web, settings, team=installation.team, scopes=installation.scopes
        )
        async for check in slack.recipients(finder, settings):
            yield check
        if slack_user_id and client is not None:
            users = build_user_directory(
                self.web, client, settings, team=installation.team, now=self.clock.now
            )
            yield await slack.person(self.web, users, slack_user_id)


async def reach_workspace(
    settings: Settings, clock: SlackClock, seconds: float, stack: AsyncExitStack
) -> Workspace:
    """Check the bot token. `seconds` limits how long doctor waits for Slack."""
    web, http = await open_slack(settings, clock.trace(), stack)
    try:
        installation: Installation | StartError = await check_installation(
            web, deadline_at=monotonic() + seconds
        )
    except StartError as error:
        installation = error
    return Workspace(settings, clock, http, web, installation, seconds)

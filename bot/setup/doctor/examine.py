"""Look at everything in the order in which the bot needs it.

What rests on something that failed is left out, so that the first failure is the cause. The clock
comes before everything that is judged by it: certificates, leases and the times of requests.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

import aiohttp

from bot.connect.review_mode import own_roles
from bot.connect.server_support import UPGRADE, find_missing_method
from bot.connect.slack_client import SlackClient, http_session, web_client
from bot.connect.slack_connection import Installation, check_installation
from bot.connect.teleport_connection import check_cluster, load_credentials
from bot.observe.clock import SlackClock
from bot.settings.settings import Settings, SettingsError, load_settings
from bot.setup.doctor import machine, names, slack, teleport
from bot.setup.doctor.check import Check, Level, failure, ok, start_failure
from bot.start_error import StartError
from notifications.routing.recipients import Recipients
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import Credentials, CredentialsError
from teleport_client.model.cluster import ClusterInfo
from teleport_client.transport.dialer import dial
from workspace.directory.user_directory import UserDirectory, UserMapping

TIMEOUT_SECONDS = 10.0
Now = Callable[[], datetime]


async def examine(
    config: Path | None, slack_user_id: str, now: Now, *, patience: float = TIMEOUT_SECONDS
) -> AsyncIterator[Check]:
    """Give row after row. `slack_user_id` is somebody whose Teleport user is looked up, if given.

    `patience` is how many seconds a Teleport or a Slack that does not answer is waited for.
    """
    try:
        settings = load_settings(config)
    except SettingsError as error:
        for mistake in str(error).splitlines():
            yield failure("settings", mistake, "The README lists them all.")
        return
    yield ok("settings", f"from {config}" if config else "from the environment")
    can_dial = True
    async for check in machine.rows(settings):
        yield check
        if check.name == machine.PRIVATE_SOCKET:
            can_dial = check.level is Level.OK
    async with AsyncExitStack() as stack:
        workspace = await _Workspace.reached(settings, now, patience, stack)
        if workspace.clock.checked:
            yield slack.clock(workspace.clock)
        client = None
        async for detail in _teleport(settings, workspace.clock, now, patience, stack, can_dial):
            if isinstance(detail, TeleportClient):
                client = detail
            else:
                yield detail
        async for check in workspace.rows(client, slack_user_id):
            yield check


async def _teleport(
    settings: Settings,
    clock: SlackClock,
    now: Now,
    patience: float,
    stack: AsyncExitStack,
    can_dial: bool,
) -> AsyncIterator[Check | TeleportClient]:
    """Give the client too, once it works."""
    try:
        credentials = load_credentials(settings.teleport, now())
    except CredentialsError as error:
        hint = f"Correct the clock first. {error.hint}" if clock.warning else error.hint
        refreshed = settings.teleport.refresh_identity
        yield Check("identity", Level.FAILURE, error.problem, hint, is_transient=refreshed)
        return
    for check in teleport.identity(settings, credentials, now()):
        yield check
    if not can_dial:
        return
    connection = dial(
        settings.teleport.addr, lambda: credentials, upgrade=settings.teleport.connection_upgrade
    )
    client = await stack.enter_async_context(TeleportClient(connection))
    try:
        cluster = await check_cluster(client, settings.teleport, deadline_at=monotonic() + patience)
    except StartError as error:
        yield start_failure("teleport", error)
        return
    yield client
    yield teleport.server(connection, cluster)
    if lacks := await find_missing_method(client, cluster):
        yield failure("teleport version", lacks, UPGRADE)
        return
    async for check in _permissions(settings, client, credentials, cluster, clock):
        yield check


async def _permissions(
    settings: Settings,
    client: TeleportClient,
    credentials: Credentials,
    cluster: ClusterInfo,
    clock: SlackClock,
) -> AsyncIterator[Check]:
    roles = await own_roles(client, credentials.roles)
    mode, check = teleport.review_mode(cluster, roles, settings)
    yield check
    hint = teleport.role_cure(mode, cluster, settings)
    yield teleport.can_list_requests(roles, hint)
    yield teleport.host_names(roles, hint)
    async for check in teleport.verbs(client, settings, credentials.user, mode, clock.now(), hint):
        yield check
    async for check in names.rows(client, settings, mode, hint):
        yield check
    if settings.app_token and settings.request.enabled:
        yield await teleport.certificate_lifetime(client, credentials, hint)
    yield await teleport.other_bots(client)


@dataclass(frozen=True, slots=True)
class _Workspace:
    """Slack's half. It is reached first, since its answers tell the time, and shown last."""

    settings: Settings
    http: aiohttp.ClientSession
    web: SlackClient
    clock: SlackClock
    installation: Installation | StartError
    patience: float

    @classmethod
    async def reached(
        cls, settings: Settings, now: Now, patience: float, stack: AsyncExitStack
    ) -> "_Workspace":
        clock = SlackClock(now)
        http = await stack.enter_async_context(http_session(clock.trace()))
        web = web_client(settings, http, settings.slack.token.get_secret_value())
        try:
            installation = await check_installation(web, deadline_at=monotonic() + patience)
        except StartError as error:
            return cls(settings, http, web, clock, error, patience)
        return cls(settings, http, web, clock, installation, patience)

    async def rows(self, client: TeleportClient | None, slack_user_id: str) -> AsyncIterator[Check]:
        installation, settings = self.installation, self.settings
        if isinstance(installation, StartError):
            yield start_failure("slack", installation)
            return
        for check in slack.token(settings, installation):
            yield check
        app_token = settings.app_token.get_secret_value() if settings.app_token else ""
        end = monotonic() + self.patience
        async for check in slack.sockets(self.web, self.http, installation, app_token, end=end):
            yield check
        async for check in slack.recipients(self._recipients(installation), settings):
            yield check
        if slack_user_id and client is not None:
            yield await slack.person(self.web, self._people(installation, client), slack_user_id)

    def _recipients(self, installation: Installation) -> Recipients:
        return Recipients(
            self.web,
            self.settings.role_to_recipients,
            team=installation.team,
            scopes=installation.scopes,
            allow_shared=self.settings.slack.allow_shared_channels,
        )

    def _people(self, installation: Installation, client: TeleportClient) -> UserDirectory:
        review = self.settings.review
        matching = UserMapping(
            team=installation.team,
            trait=review.slack_user_id_trait,
            match_email=review.allow_email_username_match,
        )
        return UserDirectory(self.web, client, matching, now=self.clock.now)

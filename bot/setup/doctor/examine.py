"""The order of doctor's rows, which is the order in which the bot needs each part.

A row that depends on a failed one is left out, so the first failure is the cause. The clock comes
before the rows that depend on it: certificates, leases and the times of requests. Doctor uses the
bot's own connections and parts (`bot.compose`), so a row fails for the same reason as the bot.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from time import monotonic

from bot.connect.review_mode import wanted_mode
from bot.connect.server_support import UPGRADE, find_missing_method
from bot.connect.teleport_connection import check_cluster, load_credentials, open_client
from bot.features.choices import choices_from
from bot.features.own_roles import own_roles
from bot.observe.clock import SlackClock
from bot.settings.settings import Settings, SettingsError, load_settings
from bot.setup.doctor import machine, names, permissions, slack, teleport
from bot.setup.doctor.check import Check, Level, failure, ok, start_failure
from bot.setup.doctor.workspace import reach_workspace
from bot.start_error import StartError
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import Credentials, CredentialsError
from teleport_client.model.cluster import ClusterInfo

TIMEOUT_SECONDS = 10.0
Now = Callable[[], datetime]


async def examine(
    config: Path | None, slack_user_id: str, now: Now, *, patience: float = TIMEOUT_SECONDS
) -> AsyncIterator[Check]:
    """Yield the rows. Look up the Teleport user of `slack_user_id`, if it isn't empty.

    `patience` limits in seconds how long doctor waits for each of Teleport and Slack.
    """
    try:
        settings = load_settings(config)
    except SettingsError as error:
        for mistake in error.mistakes:
            yield failure("settings", mistake, error.hint or "See docs/configuration.md.")
        return
    yield ok("settings", f"from {config}" if config else "from the environment")
    can_dial = True
    async for check in machine.rows(settings):
        yield check
        if check.name == machine.PRIVATE_SOCKET:
            can_dial = check.level is Level.OK
    async with AsyncExitStack() as stack:
        clock = SlackClock(now)
        workspace = await reach_workspace(settings, clock, patience, stack)
        if clock.checked:
            yield slack.clock(clock)
        cluster = _Cluster(settings, clock, now, patience)
        async for check in cluster.rows(stack, can_dial=can_dial):
            yield check
        async for check in workspace.rows(cluster.client, slack_user_id):
            yield check


class _Cluster:
    """Rows about Teleport. `client` is set once Teleport responds."""

    def __init__(self, settings: Settings, clock: SlackClock, now: Now, timeout: float) -> None:
        self._settings = settings
        self._clock = clock
        self._now = now
        self._timeout = timeout
        self.client: TeleportClient | None = None

    async def rows(self, stack: AsyncExitStack, *, can_dial: bool) -> AsyncIterator[Check]:
        settings = self._settings.teleport
        try:
            credentials = load_credentials(settings, self._now())
        except CredentialsError as error:
            yield self._credentials_row(error)
            return
        for check in teleport.identity(self._settings, credentials, self._now()):
            yield check
        if not can_dial:
            return
        try:
            client, connection = await open_client(settings, lambda: credentials, stack)
            cluster = await check_cluster(client, settings, deadline_at=monotonic() + self._timeout)
        except StartError as error:
            yield start_failure("teleport", error)
            return
        self.client = client
        yield teleport.server(connection, cluster)
        if lacks := await find_missing_method(client, cluster):
            yield failure("teleport version", lacks, UPGRADE)
            return
        if teleport.is_internal_identity(credentials):
            yield teleport.internal_identity(credentials)
            return
        async for check in self._permissions(client, credentials, cluster):
            yield check

    def _credentials_row(self, error: CredentialsError) -> Check:
        hint = f"Correct the clock first. {error.hint}" if self._clock.warning else error.hint
        is_transient = self._settings.teleport.refresh_identity
        return Check("identity", Level.FAILURE, error.problem, hint, is_transient)

    async def _permissions(
        self, client: TeleportClient, credentials: Credentials, cluster: ClusterInfo
    ) -> AsyncIterator[Check]:
        settings = self._settings
        roles = await own_roles(client, credentials.roles)
        choices = choices_from(settings, wanted_mode(cluster, settings)[0])
        hint = teleport.full_role_hint(choices, cluster)
        mode, check = teleport.review_mode(cluster, roles, settings, choices)
        yield check
        for check in permissions.visible_objects(choices, roles, hint):
            yield check
        trait = settings.review.slack_user_id_trait
        async for check in permissions.try_verbs(client, choices, trait, self._clock.now(), hint):
            yield check
        async for check in names.rows(client, settings, mode, hint):
            yield check
        if settings.app_token and settings.request.enabled:
            yield await teleport.certificate_lifetime(client, credentials, hint)
        yield await teleport.other_bots(client)

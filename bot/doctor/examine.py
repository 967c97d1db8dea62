"""Look at everything in the order in which the bot needs it.

What rests on something that failed is left out, so that the first failure is the cause.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from time import monotonic

from bot.doctor import slack, teleport
from bot.doctor.check import Check, failure, ok
from bot.review_mode import own_roles
from bot.server_support import UPGRADE, find_missing_method
from bot.settings import Settings, SettingsError, load_settings
from bot.slack_connection import check_installation, http_session, web_client
from bot.start_error import StartError
from bot.teleport_connection import check_cluster, load_credentials
from notifications.recipients import Recipients
from teleport_client.client import TeleportClient
from teleport_client.dialer import dial
from teleport_client.errors import TeleportError
from teleport_client.identity import Credentials, CredentialsError
from workspace.people import Matching, People
from workspace.slack_failure import SLACK_ERRORS, in_words

PATIENCE = 10.0
Now = Callable[[], datetime]


async def examine(
    config: Path | None, slack_id: str, now: Now, *, patience: float = PATIENCE
) -> AsyncIterator[Check]:
    """Give row after row. `slack_id` is somebody whose Teleport user is looked up, if given.

    `patience` is how many seconds a Teleport or a Slack that does not answer is waited for.
    """
    try:
        settings = load_settings(config)
    except SettingsError as error:
        yield failure("settings", str(error), "The README lists them all.")
        return
    yield ok("settings", f"from {config}" if config else "from the environment")
    try:
        credentials = load_credentials(settings.teleport, now())
    except CredentialsError as error:
        yield failure("identity", str(error), "Write it anew with tbot or `tctl auth sign`.")
        return
    for check in teleport.identity(settings, credentials, now()):
        yield check
    async with AsyncExitStack() as stack:
        client = None
        try:
            async for found in _teleport(settings, credentials, now, patience, stack):
                if isinstance(found, TeleportClient):
                    client = found
                else:
                    yield found
        except (StartError, TeleportError) as error:
            yield failure("teleport", str(error), "See teleport.addr and the network.")
        try:
            async for check in _slack(settings, client, slack_id, now, patience, stack):
                yield check
        except StartError as error:
            yield failure("slack", str(error), "See the app's settings at api.slack.com/apps.")
        except SLACK_ERRORS as error:
            yield failure("slack", in_words(error), "Try again in a moment.")


async def _teleport(
    settings: Settings,
    credentials: Credentials,
    now: Now,
    patience: float,
    stack: AsyncExitStack,
) -> AsyncIterator[Check | TeleportClient]:
    """Give the client too, once it works. Raises StartError, TeleportError."""
    connection = dial(
        settings.teleport.addr, lambda: credentials, upgrade=settings.teleport.connection_upgrade
    )
    client = await stack.enter_async_context(TeleportClient(connection))
    cluster = await check_cluster(client, settings.teleport, end=monotonic() + patience)
    yield client
    yield teleport.server(connection, cluster)
    if lacks := await find_missing_method(client, cluster):
        yield failure("teleport version", lacks, UPGRADE)
        return
    roles = await own_roles(client, credentials.roles)
    mode, check = teleport.review_mode(cluster, roles, settings)
    yield check
    cure = teleport.role_cure(mode, cluster, settings)
    yield teleport.sees_requests(roles, cure)
    yield teleport.host_names(roles, cure)
    async for check in teleport.verbs(client, settings, credentials.user, mode, now(), cure):
        yield check
    if settings.app_token and settings.request.enabled:
        yield await teleport.certificate_lifetime(client, credentials, cure)
    yield await teleport.other_bots(client)


async def _slack(
    settings: Settings,
    client: TeleportClient | None,
    slack_id: str,
    now: Now,
    patience: float,
    stack: AsyncExitStack,
) -> AsyncIterator[Check]:
    """Raises StartError, SLACK_ERRORS."""
    http = await stack.enter_async_context(http_session())
    web = web_client(settings, http, settings.slack.token.get_secret_value())
    app_token = settings.app_token.get_secret_value() if settings.app_token else ""
    installation, _ = await check_installation(web, app_token, end=monotonic() + patience)
    for check in slack.tokens(settings, installation):
        yield check
    yield slack.clock(installation, now())
    found = Recipients(
        web,
        settings.role_to_recipients,
        team=installation.team,
        scopes=installation.scopes,
        allow_shared=settings.slack.allow_shared_channels,
    )
    async for check in slack.recipients(found, settings):
        yield check
    if slack_id and client is not None:
        matching = Matching(
            team=installation.team,
            trait=settings.review.slack_user_id_trait,
            email_is_user_name=settings.review.allow_email_username_match,
        )
        yield await slack.person(People(web, client, matching, now=now), slack_id)

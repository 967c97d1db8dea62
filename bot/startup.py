"""Startup: connect to Slack and Teleport, and detect their capabilities.

Teleport comes first, because most setups fail there. Slack's tokens are checked before any socket
opens. Startup retries a server that isn't responding until the start timeout. An error that no
later attempt can change ends it at once.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from time import monotonic

import structlog

from bot.compose import Runtime, build_availability
from bot.connect.review_mode import can_submit_on_behalf_now, detect_review_policy
from bot.connect.server_support import UPGRADE, find_missing_method
from bot.connect.slack_client import open_slack
from bot.connect.slack_connection import check_installation, first_socket_url
from bot.connect.teleport_connection import check_cluster, first_credentials, open_client
from bot.features.own_roles import own_roles
from bot.observe.clock import SlackClock
from bot.observe.metrics import Metrics
from bot.settings.settings import Settings
from bot.sockets.sockets import SocketUrl
from bot.start_error import MISCONFIGURED, StartError
from commands.use_cases.on_behalf import OnBehalfHealth
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import Credentials
from teleport_client.credentials.reloading_credentials import ReloadingCredentials
from teleport_client.model.cluster import ClusterInfo
from workspace.conditions import Conditions

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def connect(
    settings: Settings,
    stack: AsyncExitStack,
    conditions: Conditions,
    metrics: Metrics,
    *,
    now: Callable[[], datetime],
    deadline_at: float,
) -> Runtime:
    """Connect to both servers until `deadline_at`, of the monotonic clock. Raises StartError."""
    clock = SlackClock(now)
    identity, teleport, cluster = await _connect_to_teleport(
        settings, stack, clock.now, deadline_at
    )
    roles = await own_roles(teleport, identity.current.roles)
    review_policy = await detect_review_policy(teleport, cluster, roles, settings)
    slack, http = await open_slack(settings, clock.trace(), stack)
    app_token = settings.app_token.get_secret_value() if settings.app_token else ""
    installation = await check_installation(slack, deadline_at=deadline_at)
    features = build_availability(settings, cluster, roles, installation.scopes)
    features.log_changes()
    socket_url = await first_socket_url(slack, app_token, deadline_at=deadline_at)
    return Runtime(
        settings=settings,
        identity=identity,
        teleport=teleport,
        cluster=cluster,
        features=features,
        review_policy=review_policy,
        slack=slack,
        http=http,
        installation=installation,
        app_token=app_token,
        socket_url=SocketUrl(socket_url, issued_at=monotonic()),
        now=clock.now,
        conditions=conditions,
        metrics=metrics,
        clock=clock,
        on_behalf=OnBehalfHealth(
            partial(can_submit_on_behalf_now, teleport, identity),
            metrics.count_on_behalf_rejection,
        ),
    )


async def _connect_to_teleport(
    settings: Settings, stack: AsyncExitStack, now: Callable[[], datetime], deadline_at: float
) -> tuple[ReloadingCredentials, TeleportClient, ClusterInfo]:
    identity = await first_credentials(settings.teleport, now, deadline_at=deadline_at)
    log.info("identity_loaded", **identity_fields(identity.current))
    teleport, _ = await open_client(settings.teleport, lambda: identity.current, stack)
    cluster = await check_cluster(teleport, settings.teleport, deadline_at=deadline_at)
    if lacks := await find_missing_method(teleport, cluster):
        raise StartError(f"{lacks}.", UPGRADE, exit_code=MISCONFIGURED)
    return identity, teleport, cluster


def identity_fields(credentials: Credentials) -> dict[str, str]:
    """Return the fields of a log event about these credentials."""
    return {
        "teleport_user": credentials.user,
        "cluster": credentials.cluster,
        "expires_at": credentials.expires.isoformat(timespec="seconds"),
    }

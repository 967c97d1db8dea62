"""The way to Teleport: credentials read, the connection tried."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from time import monotonic

import structlog

from bot.settings import Settings, TeleportSettings
from bot.start_error import MISCONFIGURED, UNAVAILABLE, StartError
from teleport_client.client import TeleportClient
from teleport_client.cluster import ClusterInfo
from teleport_client.errors import LimitExceeded, TeleportError, Unexpected, Unreachable
from teleport_client.identity import (
    Credentials,
    CredentialsError,
    load_identity_file,
    load_key_pair,
)
from teleport_client.renewal import RenewedCredentials
from workspace.deciding import Deciding, Mode

_MAY_PASS = (Unreachable, Unexpected, LimitExceeded)
"""What a server says that starts, stops or has too much to do."""
_IDENTITY_PAUSE = 1.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def load_credentials(settings: TeleportSettings, now: datetime) -> Credentials:
    """Read the files that the settings name. Raises CredentialsError."""
    if settings.identity:
        return load_identity_file(settings.identity, now)
    if settings.client_crt and settings.client_key and settings.root_cas:
        return load_key_pair(settings.client_crt, settings.client_key, settings.root_cas, now)
    raise CredentialsError("No credentials for Teleport are set.")


async def first_credentials(
    settings: TeleportSettings, now: Callable[[], datetime], *, end: float
) -> RenewedCredentials:
    """Read them for the first time. Files that are renewed may become good until `end`.

    Raises StartError.
    """
    while True:
        try:
            return RenewedCredentials(
                partial(load_credentials, settings),
                interval=settings.refresh_identity_interval,
                now=now,
            )
        except CredentialsError as error:
            if not settings.refresh_identity:
                raise StartError(str(error), exit_code=MISCONFIGURED) from error
            if monotonic() + _IDENTITY_PAUSE > end:
                raise StartError(str(error), exit_code=UNAVAILABLE) from error
            log.warning("identity_not_good_yet", error=str(error))
        await asyncio.sleep(_IDENTITY_PAUSE)


async def check_cluster(
    teleport: TeleportClient, settings: TeleportSettings, *, end: float
) -> ClusterInfo:
    """Ping while the server does not answer or is unwell, until `end` of the monotonic clock.

    Raises StartError.
    """
    pause = 0.2
    while True:
        try:
            return await teleport.ping(deadline=max(1.0, min(10.0, end - monotonic())))
        except _MAY_PASS as error:
            if monotonic() + pause > end:
                raise StartError(
                    f"Teleport does not answer at {settings.addr}: {error}. Check teleport.addr,"
                    " the network, and that the identity belongs to this cluster.",
                    exit_code=UNAVAILABLE,
                ) from error
            log.warning("teleport_unreachable", addr=settings.addr, error=str(error))
        except TeleportError as error:
            raise StartError(
                f"Teleport at {settings.addr} refuses the bot: {error}.", exit_code=MISCONFIGURED
            ) from error
        await asyncio.sleep(pause)
        pause = min(pause * 2, 3.0)


async def find_deciding(
    teleport: TeleportClient, cluster: ClusterInfo, bot: str, settings: Settings
) -> Deciding:
    """Find out how requests can be decided from Slack, and log it. Raises StartError."""
    mode, why = await find_mode(teleport, cluster, bot, settings)
    log.info("review_mode", mode=mode, why=why)
    return Deciding(
        mode=mode,
        approvers=settings.role_to_approvers,
        link_only=frozenset(settings.review.link_only_roles),
    )


async def find_mode(
    teleport: TeleportClient, cluster: ClusterInfo, bot: str, settings: Settings
) -> tuple[Mode, str]:
    """Give the mode, and why it is that. Raises TeleportError."""
    if not settings.can_decide:
        return Mode.OFF, "the settings say so"
    if settings.review.mode != "auto":
        return Mode(settings.review.mode), "the settings say so"
    if cluster.takes_reviews_for_people:
        if await _may_submit_for_others(teleport, bot):
            return Mode.PERSON, "Teleport takes reviews that the bot hands in for people"
        return Mode.NOTIFY, "the bot's role has no submit_for_users"
    if settings.role_to_approvers:
        return Mode.OVERRIDE, "this Teleport takes no reviews from the bot; approvers are set"
    return Mode.NOTIFY, "this Teleport takes no reviews from the bot, and no approvers are set"


async def _may_submit_for_others(teleport: TeleportClient, bot: str) -> bool:
    """Look at the bot's own roles. Where they cannot be read, Teleport's answer has to tell."""
    try:
        held = await teleport.static_access(bot)
        roles = [await teleport.role(name) for name in held.roles]
    except TeleportError as error:
        log.warning("own_roles_not_read", error=str(error))
        return True
    return any(role.allow.review.submit_for for role in roles)

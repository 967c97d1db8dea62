"""The way to Teleport: credentials read, the connection tried."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from time import monotonic

import structlog

from bot.settings import TeleportSettings
from bot.start_error import MISCONFIGURED, UNAVAILABLE, StartError
from teleport_client.client import TeleportClient
from teleport_client.cluster import ClusterInfo
from teleport_client.dialer import dial
from teleport_client.errors import LimitExceeded, TeleportError, Unexpected, Unreachable
from teleport_client.identity import (
    Credentials,
    CredentialsError,
    load_identity_file,
    load_key_pair,
)
from teleport_client.renewal import CredentialsRefused, RenewedCredentials

_MAY_PASS = (Unreachable, Unexpected, LimitExceeded)
"""What a server says that starts, stops or has too much to do."""
_IDENTITY_PAUSE = 1.0
_PROBE_SECONDS = 10.0

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
                partial(probe, settings),
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


async def probe(settings: TeleportSettings, credentials: Credentials) -> None:
    """Ping with credentials on a connection of their own. Raises CredentialsRefused."""
    connection = dial(settings.addr, lambda: credentials, upgrade=settings.connection_upgrade)
    async with TeleportClient(connection) as teleport:
        try:
            await teleport.ping(deadline=_PROBE_SECONDS)
        except TeleportError as error:
            raise CredentialsRefused(
                f"The new identity doesn't work at {settings.addr}: {error}. The bot goes on with"
                " the one in use and tries the new one again."
            ) from error


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

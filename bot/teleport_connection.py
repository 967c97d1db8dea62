"""The way to Teleport: credentials read, the connection tried."""

import asyncio
from datetime import datetime
from time import monotonic

import structlog

from bot.settings import TeleportSettings
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

_MAY_PASS = (Unreachable, Unexpected, LimitExceeded)
"""What a server says that starts, stops or has too much to do."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def load_credentials(settings: TeleportSettings, now: datetime) -> Credentials:
    """Read the files that the settings name. Raises StartError."""
    try:
        if settings.identity:
            return load_identity_file(settings.identity, now)
        if settings.client_crt and settings.client_key and settings.root_cas:
            return load_key_pair(settings.client_crt, settings.client_key, settings.root_cas, now)
    except CredentialsError as error:
        raise StartError(str(error), exit_code=MISCONFIGURED) from error
    raise StartError("No credentials for Teleport are set.", exit_code=MISCONFIGURED)


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

"""The way to Teleport: credentials read, the connection tried."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from time import monotonic

import structlog

from bot.settings.settings import TeleportSettings
from bot.start_error import MISCONFIGURED, UNAVAILABLE, StartError
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import (
    Credentials,
    CredentialsError,
    load_identity_file,
    load_key_pair,
)
from teleport_client.credentials.reloading_credentials import (
    CredentialsRefused,
    ReloadingCredentials,
)
from teleport_client.errors import LimitExceeded, TeleportError, Unexpected, Unreachable
from teleport_client.model.cluster import ClusterInfo
from teleport_client.transport.dialer import dial
from teleport_client.transport.obstacle import Obstacle

PRIVATE_SOCKET_HINT = (
    "Set TMPDIR to a short path of a folder that the bot can write, such as a tmpfs."
)
_MAY_PASS = (Unreachable, Unexpected, LimitExceeded)
"""What a server says that starts, stops or has too much to do."""
_HINTS = {
    Obstacle.NO_ANSWER: (
        "Check teleport.addr and its port, the network, and whether a firewall or proxy holds"
        " connections back."
    ),
    Obstacle.CLOCK: (
        "Check this machine's clock first. If it is right, the server's certificate is not valid."
    ),
    Obstacle.OTHER_CLUSTER: (
        "Check teleport.addr and that the identity belongs to this cluster, then write the"
        " identity again with tbot or `tctl auth sign`: its authorities may have been replaced."
    ),
    Obstacle.UNTRUSTED_PROXY: (
        "A proxy on the way replaces certificates. Name the file with its CA in SSL_CERT_FILE, or"
        " let connections to teleport.addr through unchanged."
    ),
    Obstacle.NOT_TELEPORT: (
        "Check teleport.addr: the web server there doesn't lead to Teleport. Use the address of a"
        " Teleport proxy, or of the Auth Service itself."
    ),
    Obstacle.NOT_TLS: (
        "Check the port of teleport.addr: SSH or plain HTTP answers there. The Auth Service listens"
        " on 3025, a proxy's web port is 443 or 3080."
    ),
}
_REFUSED_HINT = (
    "Check with tctl that the bot's user and role still exist (`teleport-chatops teleport-role`"
    " prints both) and aren't locked, then write the identity again."
)
"""Of what the cluster answers only "access denied" to (convertAuthorizerError in
lib/authz/permissions.go)."""
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
    settings: TeleportSettings, now: Callable[[], datetime], *, deadline_at: float
) -> ReloadingCredentials:
    """Read them for the first time. Files that are renewed may become good until `deadline_at`.

    Raises StartError.
    """
    while True:
        try:
            return ReloadingCredentials(
                partial(load_credentials, settings),
                partial(probe, settings),
                interval=settings.refresh_identity_interval,
                now=now,
            )
        except CredentialsError as error:
            if not settings.refresh_identity:
                raise StartError(error.problem, error.hint, exit_code=MISCONFIGURED) from error
            if monotonic() + _IDENTITY_PAUSE > deadline_at:
                raise StartError(error.problem, error.hint, exit_code=UNAVAILABLE) from error
            log.warning("identity_load_failed", error=str(error))
        await asyncio.sleep(_IDENTITY_PAUSE)


async def open_client(
    settings: TeleportSettings, credentials: Callable[[], Credentials], stack: AsyncExitStack
) -> TeleportClient:
    """Open a client that `stack` closes; Teleport is contacted at the first call.

    Raises StartError.
    """
    try:
        connection = dial(settings.addr, credentials, upgrade=settings.connection_upgrade)
        return await stack.enter_async_context(TeleportClient(connection))
    except OSError as error:
        raise StartError(
            f"The private socket cannot be made ({error.strerror or error}).",
            PRIVATE_SOCKET_HINT,
            exit_code=MISCONFIGURED,
        ) from error


async def probe(settings: TeleportSettings, credentials: Credentials) -> None:
    """Ping with credentials on a connection of their own. Raises CredentialsRefused."""
    try:
        connection = dial(settings.addr, lambda: credentials, upgrade=settings.connection_upgrade)
        async with TeleportClient(connection) as teleport:
            await teleport.ping(deadline=_PROBE_SECONDS)
    except (TeleportError, OSError) as error:
        raise CredentialsRefused(
            f"The new identity doesn't work at {settings.addr}: {error}. The bot goes on with"
            " the one in use and tries the new one again."
        ) from error


def _in_words(error: TeleportError) -> str:
    """Return the server's text in one line."""
    if error.timed_out:
        return "no response in time"
    return ": ".join(line.strip() for line in str(error).splitlines())


async def check_cluster(
    teleport: TeleportClient, settings: TeleportSettings, *, deadline_at: float
) -> ClusterInfo:
    """Ping until the server responds, at most until `deadline_at` of the monotonic clock.

    Raises StartError, at once if no later attempt can succeed.
    """
    pause = 0.2
    while True:
        try:
            return await teleport.ping(deadline=max(1.0, min(10.0, deadline_at - monotonic())))
        except _MAY_PASS as error:
            obstacle = error.obstacle if isinstance(error, Unreachable) else None
            passes = obstacle is None or obstacle.passes
            if not passes or monotonic() + pause > deadline_at:
                raise StartError(
                    f"Teleport does not answer at {settings.addr}: {_in_words(error)}.",
                    _HINTS[obstacle or Obstacle.NO_ANSWER],
                    exit_code=UNAVAILABLE if passes else MISCONFIGURED,
                ) from error
            log.warning("teleport_unreachable", address=settings.addr, error=str(error))
        except TeleportError as error:
            raise StartError(
                f"Teleport at {settings.addr} refuses the bot: {_in_words(error)}.",
                _REFUSED_HINT,
                exit_code=MISCONFIGURED,
            ) from error
        await asyncio.sleep(pause)
        pause = min(pause * 2, 3.0)

"""The connection to Teleport at startup: the first credentials and the first call.

tbot may write the identity file after the bot starts, and a server may start later than the bot.
Both are retried until the start timeout. Hints name the setting to check for each obstacle.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from time import monotonic

import structlog

from bot.connect.startup_retry import retry_until
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
    CredentialsRejected,
    ReloadingCredentials,
)
from teleport_client.errors import LimitExceeded, TeleportError, Unexpected, Unreachable
from teleport_client.model.cluster import ClusterInfo
from teleport_client.transport.dialer import Connection, dial
from teleport_client.transport.obstacle import Obstacle

PRIVATE_SOCKET_HINT = (
    "Set TMPDIR to a short path of a folder that the bot can write, such as a tmpfs."
)
_TRANSIENT = (Unreachable, Unexpected, LimitExceeded)
"""Errors of a server that starts, stops or is overloaded."""
_HINTS = {
    Obstacle.NO_ANSWER: (
        "Check teleport.addr and its port, the network, and whether a firewall or proxy blocks"
        " connections."
    ),
    Obstacle.CLOCK: (
        "Check this machine's clock first. If it is right, the server's certificate isn't valid."
    ),
    Obstacle.OTHER_CLUSTER: (
        "Check teleport.addr and that the identity belongs to this cluster, then recreate the"
        " identity with tbot or `tctl auth sign`: its CAs may have been rotated."
    ),
    Obstacle.UNTRUSTED_PROXY: (
        "A proxy in between replaces certificates. Set SSL_CERT_FILE to the file with its CA, or"
        " let connections to teleport.addr through unchanged."
    ),
    Obstacle.NOT_TELEPORT: (
        "Check teleport.addr: the web server there doesn't lead to Teleport. Use the address of a"
        " Teleport proxy, or of the Auth Service itself."
    ),
    Obstacle.NOT_TLS: (
        "Check the port of teleport.addr: the server there uses SSH or plain HTTP. The Auth Service"
        " listens on 3025, a proxy's web port is 443 or 3080."
    ),
}
_REJECTED_HINT = (
    "Check with tctl that the bot's user and role still exist (`teleport-chatops teleport-role`"
    " prints both) and aren't locked, then recreate the identity."
)
"""The cluster returns only "access denied" for each of these (convertAuthorizerError in
lib/authz/permissions.go)."""
_IDENTITY_PAUSE = 1.0
_CALL_SECONDS = 10.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def load_credentials(settings: TeleportSettings, now: datetime) -> Credentials:
    """Read the identity file or the key files. Raises CredentialsError."""
    if settings.identity:
        return load_identity_file(settings.identity, now)
    if settings.client_crt and settings.client_key and settings.root_cas:
        return load_key_pair(settings.client_crt, settings.client_key, settings.root_cas, now)
    raise CredentialsError("No credentials for Teleport are set.")


async def first_credentials(
    settings: TeleportSettings, now: Callable[[], datetime], *, deadline_at: float
) -> ReloadingCredentials:
    """Read the credentials, and retry files that tbot renews. Raises StartError."""

    async def load() -> ReloadingCredentials:
        return ReloadingCredentials(
            partial(load_credentials, settings),
            partial(probe, settings),
            interval=settings.refresh_identity_interval,
            now=now,
        )

    def pause_after(error: Exception, backoff: float) -> float | None:
        return (
            backoff if isinstance(error, CredentialsError) and settings.refresh_identity else None
        )

    try:
        return await retry_until(
            deadline_at,
            load,
            pause_after=pause_after,
            report=lambda error, _: log.warning("identity_load_failed", error=str(error)),
            first_pause=_IDENTITY_PAUSE,
            max_pause=_IDENTITY_PAUSE,
        )
    except CredentialsError as error:
        exit_code = UNAVAILABLE if settings.refresh_identity else MISCONFIGURED
        raise StartError(error.problem, error.hint, exit_code=exit_code) from error


async def open_client(
    settings: TeleportSettings, credentials: Callable[[], Credentials], stack: AsyncExitStack
) -> tuple[TeleportClient, Connection]:
    """Open a client that `stack` closes. It connects at the first call. Raises StartError."""
    try:
        connection = dial(settings.addr, credentials, upgrade=settings.connection_upgrade)
        return await stack.enter_async_context(TeleportClient(connection)), connection
    except OSError as error:
        raise StartError(
            f"Can't create the private socket ({error.strerror or error}).",
            PRIVATE_SOCKET_HINT,
            exit_code=MISCONFIGURED,
        ) from error


async def probe(settings: TeleportSettings, credentials: Credentials) -> None:
    """Ping with credentials on a connection of their own. Raises CredentialsRejected."""
    try:
        connection = dial(settings.addr, lambda: credentials, upgrade=settings.connection_upgrade)
        async with TeleportClient(connection) as teleport:
            await teleport.cluster.ping(deadline=_CALL_SECONDS)
    except (TeleportError, OSError) as error:
        raise CredentialsRejected(
            f"The new identity doesn't work at {settings.addr}: {error}. The bot keeps the current"
            " one and tries the new one again."
        ) from error


async def check_cluster(
    teleport: TeleportClient, settings: TeleportSettings, *, deadline_at: float
) -> ClusterInfo:
    """Ping until the server responds, at most until `deadline_at` of the monotonic clock.

    Raises StartError, at once if no later attempt can succeed.
    """

    async def ping() -> ClusterInfo:
        left = deadline_at - monotonic()
        return await teleport.cluster.ping(deadline=max(1.0, min(_CALL_SECONDS, left)))

    try:
        return await retry_until(
            deadline_at,
            ping,
            pause_after=lambda error, backoff: backoff if _is_transient(error) else None,
            report=lambda error, _: log.warning(
                "teleport_unreachable", address=settings.addr, error=str(error)
            ),
            first_pause=0.2,
            max_pause=3.0,
        )
    except TeleportError as error:
        raise _start_error(settings, error) from error


def _is_transient(error: Exception) -> bool:
    if isinstance(error, Unreachable) and error.obstacle is not None:
        return error.obstacle.transient
    return isinstance(error, _TRANSIENT)


def _start_error(settings: TeleportSettings, error: TeleportError) -> StartError:
    if not isinstance(error, _TRANSIENT):
        text = f"Teleport at {settings.addr} rejected the bot: {_one_line(error)}."
        return StartError(text, _REJECTED_HINT, exit_code=MISCONFIGURED)
    obstacle = error.obstacle if isinstance(error, Unreachable) else None
    return StartError(
        f"Teleport isn't responding at {settings.addr}: {_one_line(error)}.",
        _HINTS[obstacle or Obstacle.NO_ANSWER],
        exit_code=UNAVAILABLE if _is_transient(error) else MISCONFIGURED,
    )


def _one_line(error: TeleportError) -> str:
    if error.timed_out:
        return "no response in time"
    return ": ".join(line.strip() for line in str(error).splitlines())

"""A warning for short-lived certificates of the bot, which limit the access that it requests.

Access ends with the certificate of the request's creator at the latest, unless the requester has a
role with `allow.request.max_duration` (RequestValidator.truncateTTL and
calculateMaxAccessDuration in lib/services/access_request.go). tbot's default certificates last an
hour.
"""

from datetime import timedelta

import structlog

from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import Credentials
from teleport_client.credentials.reloading_credentials import ReloadingCredentials
from teleport_client.errors import TeleportError

SHORTEST = timedelta(hours=12)
"""Teleport's default session duration."""
HINT = (
    "Set credential_ttl: 12h in tbot's configuration (before tbot 17.2.8: certificate_ttl), or set"
    " allow.request.max_duration in a role that allows requests."
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def is_too_short(teleport: TeleportClient, credentials: Credentials) -> bool:
    """Return whether this certificate shortens access. Raises TeleportError."""
    if credentials.lifetime >= SHORTEST:
        return False
    return not any(role.allow.max_duration for role in await teleport.roles.list())


async def report_short_lifetimes(teleport: TeleportClient, identity: ReloadingCredentials) -> None:
    """Log each short-lived certificate once, until cancelled."""
    while True:
        credentials = identity.current
        await _report(teleport, credentials)
        while identity.current is credentials:
            await teleport.reconnected()


async def _report(teleport: TeleportClient, credentials: Credentials) -> None:
    try:
        if await is_too_short(teleport, credentials):
            seconds = round(credentials.lifetime.total_seconds())
            log.warning("certificate_lifetime_short", lifetime_seconds=seconds, hint=HINT)
    except TeleportError as error:
        log.warning("roles_list_failed", error=str(error))

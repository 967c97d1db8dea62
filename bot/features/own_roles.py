"""The bot's own Teleport roles, read at startup and again while the bot runs."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from bot.features.availability import Availability
from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from teleport_client.model.user import Role

RECHECK_SECONDS = 60.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def own_roles(teleport: TeleportClient, names: Sequence[str]) -> tuple[Role, ...] | None:
    """Read the roles of the bot's certificate. Return None and log the error if that fails."""
    try:
        return await _read(teleport, names)
    except TeleportError as error:
        log.warning("own_roles_read_failed", error=str(error))
        return None


async def follow_own_roles(
    availability: Availability,
    teleport: TeleportClient,
    names: Callable[[], Sequence[str]],
    *,
    reloaded: asyncio.Event,
    again: float,
) -> None:
    """Read the roles every `again` seconds and after `reloaded` is set, until cancelled."""
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(reloaded.wait(), again)
        reloaded.clear()
        try:
            availability.update(await _read(teleport, names()))
        except TeleportError as error:
            # Other parts report an unreachable server, and the last known roles stay.
            log.debug("own_roles_read_failed", error=str(error))


async def _read(teleport: TeleportClient, names: Sequence[str]) -> tuple[Role, ...]:
    return tuple([await teleport.roles.get(name) for name in names])

"""Roles in the settings that limit what can be decided from Slack.

A role of `review.link_only_roles` is never decided from Slack, and one that `role_to_approvers`
names has no other approvers. Where such a name is misspelled, the role that is meant has lost its
limit. Nothing tells which role that is, so the limit holds for all of them until Teleport knows the
name: roles may be created after the bot has started.
"""

import asyncio
from collections.abc import Callable, Collection

import structlog

from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound, TeleportError
from workspace.requests.review_policy import UnknownRoles

LOOK_AGAIN_SECONDS = 10.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def find_unknown(teleport: TeleportClient, roles: Collection[str]) -> frozenset[str]:
    """Return those of `roles` that Teleport doesn't know, and those that can't be read."""
    errors = await asyncio.gather(*(_look_up(teleport, role) for role in roles))
    unknown = {role: error for role, error in zip(roles, errors, strict=True) if error}
    for role, error in unknown.items():
        if not isinstance(error, NotFound):
            log.warning("guarding_role_read_failed", role=role, error=str(error))
    if unknown:
        log.error("guarding_roles_unknown", roles=sorted(unknown), effect=warning_of(unknown))
    return frozenset(unknown)


async def keep_up_to_date(
    unknown: UnknownRoles, teleport: TeleportClient, changed: Callable[[], None], *, again: float
) -> None:
    """Look every `again` seconds until all are known. `changed` is called when more are known."""
    while before := unknown.roles:
        await asyncio.sleep(again)
        known = {role for role in before if await _look_up(teleport, role) is None}
        if known:
            unknown.roles = before - known
            log.info("guarding_roles_known", roles=sorted(known), unknown=sorted(unknown.roles))
            changed()


def warning_of(unknown: Collection[str]) -> str:
    """Return what follows from unknown roles; empty if there are none."""
    if not unknown:
        return ""
    return (
        f"Teleport doesn't know {', '.join(sorted(unknown))}, so nobody decides from Slack what"
        " these roles may be meant to limit; correct review.link_only_roles and role_to_approvers,"
        " or create the roles"
    )


async def _look_up(teleport: TeleportClient, role: str) -> TeleportError | None:
    """Return why a role isn't known, or None if it is."""
    try:
        await teleport.roles.get(role)
    except TeleportError as error:
        return error
    return None

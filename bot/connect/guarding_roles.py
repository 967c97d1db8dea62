"""Roles in the settings that restrict reviews from Slack.

Requests for a role in `review.link_only_roles` can't be reviewed from Slack. Approvals of a role in
`review.confirm_roles` need its typed name, and of one in `review.approve_with_reason` a reason. A
role in `role_to_approvers` has only the approvers listed there. A misspelled name would remove such
a restriction from the intended role. The bot can't detect which role that is, so it restricts all
of them until Teleport knows the name. A role may be created after the bot starts, so the bot checks
unknown names again at intervals.
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
    """Return the roles that Teleport doesn't know or the bot can't read."""
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
    """Check every `again` seconds until all roles are known. Call `changed` after each new one."""
    while before := unknown.roles:
        await asyncio.sleep(again)
        known = {role for role in before if await _look_up(teleport, role) is None}
        if known:
            unknown.roles = before - known
            log.info("guarding_roles_known", roles=sorted(known), unknown=sorted(unknown.roles))
            changed()


def warning_of(unknown: Collection[str]) -> str:
    """Return the effect of unknown roles as a warning; empty if there are none."""
    if not unknown:
        return ""
    return (
        f"Teleport doesn't know {', '.join(sorted(unknown))}, so the limits of these roles apply to"
        " requests for all roles; until then some can't be reviewed from Slack; correct"
        " review.link_only_roles, review.confirm_roles, review.approve_with_reason and"
        " role_to_approvers, or create the roles"
    )


async def _look_up(teleport: TeleportClient, role: str) -> TeleportError | None:
    """Return the error if a role isn't known; None if it is."""
    try:
        await teleport.roles.get(role)
    except TeleportError as error:
        return error
    return None

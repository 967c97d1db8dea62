"""How the bot records reviews in this cluster, detected once at startup.

The mode depends on the edition of the cluster, on the bot's role and on the settings. It stays the
same until a restart, since buttons and hints on posted cards depend on it.
"""

from collections.abc import Sequence

import structlog

from bot.connect.guarding_roles import find_unknown
from bot.settings.settings import Settings
from bot.setup.own_permissions import log_missing_permissions
from teleport_client.client import TeleportClient
from teleport_client.credentials.reloading_credentials import ReloadingCredentials
from teleport_client.errors import TeleportError
from teleport_client.model.cluster import ClusterInfo
from teleport_client.model.user import Role
from teleport_client.rules.access_rules import can_list_requests
from workspace.requests.review_policy import ANY_ROLE, ReviewMode, ReviewPolicy, UnknownRoles

_NO_ON_BEHALF = "this Teleport doesn't accept reviews on behalf of users"

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def detect_review_policy(
    teleport: TeleportClient, cluster: ClusterInfo, own: Sequence[str], settings: Settings
) -> ReviewPolicy:
    """Detect the mode, and log it with missing permissions. `own` are the certificate's roles."""
    roles = await own_roles(teleport, own)
    if roles is not None and not can_list_requests(roles):
        log.error(
            "request_permission_missing", hint="give the bot the role that teleport-role prints"
        )
    if roles is not None and settings.app_token is not None:
        log_missing_permissions(roles)
    mode, reason = detect_mode(cluster, roles, settings)
    log.info("review_mode_selected", mode=mode, reason=reason)
    return ReviewPolicy(
        mode=mode,
        approvers=settings.role_to_approvers,
        link_only=frozenset(settings.review.link_only_roles),
        unknown=UnknownRoles(await find_unknown(teleport, guarding_roles(mode, settings))),
    )


def guarding_roles(mode: ReviewMode, settings: Settings) -> frozenset[str]:
    """Return the roles in the settings that restrict reviews, and only work if spelled right."""
    if not mode.from_slack:
        return frozenset()
    link_only = frozenset(settings.review.link_only_roles)
    if mode is ReviewMode.OVERRIDE and settings.role_to_approvers.get(ANY_ROLE):
        return link_only | (settings.role_to_approvers.keys() - {ANY_ROLE})
    return link_only


async def own_roles(teleport: TeleportClient, names: Sequence[str]) -> tuple[Role, ...] | None:
    """Read the roles of the bot's certificate; None if the bot isn't allowed to read them."""
    try:
        return tuple([await teleport.roles.get(name) for name in names])
    except TeleportError as error:
        log.warning("own_roles_read_failed", error=str(error))
        return None


def can_submit_on_behalf(roles: Sequence[Role] | None) -> bool:
    """Return whether a role allows reviews on behalf of users. Assume it for unknown roles."""
    return roles is None or any(role.allow.review.submit_for for role in roles)


async def can_submit_on_behalf_now(
    teleport: TeleportClient, identity: ReloadingCredentials
) -> bool:
    """Return whether the bot's current roles allow reviews on behalf of users."""
    roles = await own_roles(teleport, identity.current.roles)
    return roles is not None and can_submit_on_behalf(roles)


def detect_mode(
    cluster: ClusterInfo, roles: Sequence[Role] | None, settings: Settings
) -> tuple[ReviewMode, str]:
    """Return the mode and the reason for it. Teleport rejects reviews if the roles are unknown."""
    if not settings.can_decide:
        return ReviewMode.OFF, "set by the settings"
    if settings.review.mode != "auto":
        return ReviewMode(settings.review.mode), "set by the settings"
    if cluster.supports_on_behalf_reviews:
        if can_submit_on_behalf(roles):
            return ReviewMode.PERSON, "Teleport accepts reviews on behalf of users"
        return ReviewMode.NOTIFY, "the bot's role lacks submit_for_users"
    if settings.role_to_approvers:
        return ReviewMode.OVERRIDE, f"{_NO_ON_BEHALF}; approvers are set"
    return ReviewMode.NOTIFY, f"{_NO_ON_BEHALF}, and no approvers are set"

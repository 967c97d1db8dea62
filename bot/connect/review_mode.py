"""How the bot records reviews in this cluster, detected once at startup.

The mode depends on the edition of the cluster, on the bot's role and on the settings. It stays the
same until a restart, since buttons and hints on posted cards depend on it.
"""

from collections.abc import Sequence

import structlog

from bot.connect.guarding_roles import find_unknown
from bot.features.availability import missing_permissions
from bot.features.feature import Choices
from bot.features.own_roles import own_roles
from bot.features.table import REVIEWS_BY_OVERRIDE, REVIEWS_ON_BEHALF
from bot.settings.settings import Settings
from teleport_client.client import TeleportClient
from teleport_client.credentials.reloading_credentials import ReloadingCredentials
from teleport_client.model.cluster import ClusterInfo
from teleport_client.model.user import Role
from teleport_client.rules.access_rules import can_submit_on_behalf
from workspace.requests.review_policy import ANY_ROLE, ReviewMode, ReviewPolicy, UnknownRoles

_FEATURES = {
    ReviewMode.PERSON: REVIEWS_ON_BEHALF,
    ReviewMode.OVERRIDE: REVIEWS_BY_OVERRIDE,
}

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def detect_review_policy(
    teleport: TeleportClient,
    cluster: ClusterInfo,
    roles: Sequence[Role] | None,
    settings: Settings,
) -> ReviewPolicy:
    """Detect and log the mode. `roles` are the bot's own ones, None if they can't be read."""
    mode, why = detect_mode(cluster, roles, settings)
    log.info("review_mode_selected", mode=mode, reason=why)
    return ReviewPolicy(
        mode=mode,
        approvers=settings.role_to_approvers,
        link_only=frozenset(settings.review.link_only_roles),
        reason_roles=settings.review.reason_roles,
        confirm_roles=frozenset(settings.review.confirm_roles),
        unknown=UnknownRoles(await find_unknown(teleport, guarding_roles(mode, settings))),
    )


def guarding_roles(mode: ReviewMode, settings: Settings) -> frozenset[str]:
    """Return the roles in the settings that restrict reviews, and only work if spelled right."""
    if not mode.from_slack:
        return frozenset()
    review = settings.review
    named = frozenset({*review.link_only_roles, *review.confirm_roles, *review.reason_roles})
    if mode is ReviewMode.OVERRIDE and settings.role_to_approvers.get(ANY_ROLE):
        named |= settings.role_to_approvers.keys()
    return named - {ANY_ROLE}


async def can_submit_on_behalf_now(
    teleport: TeleportClient, identity: ReloadingCredentials
) -> bool:
    """Return whether the bot's roles, as they are now, allow reviews on behalf of users."""
    roles = await own_roles(teleport, identity.current.roles)
    return roles is not None and can_submit_on_behalf(roles)


def detect_mode(
    cluster: ClusterInfo, roles: Sequence[Role] | None, settings: Settings
) -> tuple[ReviewMode, str]:
    """Return the mode and the reason for it.

    A mode in the settings stays, regardless of the roles. Unknown roles count as sufficient, since
    Teleport's response to a review decides.
    """
    mode, why = wanted_mode(cluster, settings)
    if settings.review.mode != "auto" or mode not in _FEATURES:
        return mode, why
    if missing := [*missing_permissions(_FEATURES[mode], Choices(mode), roles)]:
        return ReviewMode.NOTIFY, f"the bot's role lacks {', '.join(missing)}"
    return mode, why


def wanted_mode(cluster: ClusterInfo, settings: Settings) -> tuple[ReviewMode, str]:
    """Return the mode for this server and these settings if the bot's role allows it."""
    if not settings.can_decide:
        return ReviewMode.OFF, "set by the settings"
    if settings.review.mode != "auto":
        return ReviewMode(settings.review.mode), "set by the settings"
    if cluster.supports_on_behalf_reviews:
        return ReviewMode.PERSON, "Teleport accepts reviews on behalf of users"
    rejected = "this Teleport doesn't accept reviews on behalf of users"
    if settings.role_to_approvers:
        return ReviewMode.OVERRIDE, f"{rejected}; approvers are set"
    return ReviewMode.NOTIFY, f"{rejected}, and no approvers are set"

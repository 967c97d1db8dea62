"""How requests can be decided from Slack on this cluster, found out once at start."""

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

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def detect_review_policy(
    teleport: TeleportClient, cluster: ClusterInfo, own: Sequence[str], settings: Settings
) -> ReviewPolicy:
    """Log the mode too, and what the bot's role lacks. `own` are the roles of its certificate."""
    roles = await own_roles(teleport, own)
    if roles is not None and not can_list_requests(roles):
        log.error("request_permission_missing", hint="give the bot the role of teleport-role")
    if roles is not None and settings.app_token is not None:
        log_missing_permissions(roles)
    mode, why = detect_mode(cluster, roles, settings)
    log.info("review_mode_selected", mode=mode, reason=why)
    return ReviewPolicy(
        mode=mode,
        approvers=settings.role_to_approvers,
        link_only=frozenset(settings.review.link_only_roles),
        unknown=UnknownRoles(await find_unknown(teleport, guarding_roles(mode, settings))),
    )


def guarding_roles(mode: ReviewMode, settings: Settings) -> frozenset[str]:
    """Return the roles whose misspelled name would leave another one without its limit."""
    if not mode.from_slack:
        return frozenset()
    link_only = frozenset(settings.review.link_only_roles)
    if mode is ReviewMode.OVERRIDE and settings.role_to_approvers.get(ANY_ROLE):
        return link_only | (settings.role_to_approvers.keys() - {ANY_ROLE})
    return link_only


async def own_roles(teleport: TeleportClient, names: Sequence[str]) -> tuple[Role, ...] | None:
    """Read what the roles of the bot's certificate give; None where it may not even know that."""
    try:
        return tuple([await teleport.roles.get(name) for name in names])
    except TeleportError as error:
        log.warning("own_roles_read_failed", error=str(error))
        return None


def can_submit_on_behalf(roles: Sequence[Role] | None) -> bool:
    """Whether the bot's role lets it hand in reviews for anybody; unknown roles count as yes."""
    return roles is None or any(role.allow.review.submit_for for role in roles)


async def can_submit_on_behalf_now(
    teleport: TeleportClient, identity: ReloadingCredentials
) -> bool:
    """Return whether the bot's roles, as they are now, let it submit reviews for any user."""
    roles = await own_roles(teleport, identity.current.roles)
    return roles is not None and can_submit_on_behalf(roles)


def detect_mode(
    cluster: ClusterInfo, roles: Sequence[Role] | None, settings: Settings
) -> tuple[ReviewMode, str]:
    """Give the mode, and why it is that. Where roles are unknown, Teleport's answer has to tell."""
    if not settings.can_decide:
        return ReviewMode.OFF, "the settings say so"
    if settings.review.mode != "auto":
        return ReviewMode(settings.review.mode), "the settings say so"
    if cluster.supports_on_behalf_reviews:
        if can_submit_on_behalf(roles):
            return ReviewMode.PERSON, "Teleport takes reviews that the bot hands in for people"
        return ReviewMode.NOTIFY, "the bot's role has no submit_for_users"
    if settings.role_to_approvers:
        return ReviewMode.OVERRIDE, "this Teleport takes no reviews from the bot; approvers are set"
    return (
        ReviewMode.NOTIFY,
        "this Teleport takes no reviews from the bot, and no approvers are set",
    )

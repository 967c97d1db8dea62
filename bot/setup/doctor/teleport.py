"""Rows about Teleport: the identity, the connection, the server, the review mode, other bots."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_IROTH

from bot.connect.certificate_lifetime import HINT, is_too_short
from bot.connect.other_bots import count_plugin_announcements
from bot.connect.review_mode import detect_mode
from bot.features.availability import missing_permissions
from bot.features.feature import Choices
from bot.features.role_hint import role_hint
from bot.features.table import REVIEWS_ON_BEHALF
from bot.settings.settings import Settings
from bot.setup.doctor.check import Check, failure, ok, warning
from bot.setup.teleport_role import rejected_line
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import Credentials
from teleport_client.errors import TeleportError
from teleport_client.model.cluster import ClusterInfo
from teleport_client.model.user import Role
from teleport_client.transport.connector import ConnectionMode
from teleport_client.transport.dialer import Connection
from workspace.requests.review_policy import ReviewMode

_SOON = timedelta(days=1)
_MACHINE_USER = "bot-"
"""Teleport's prefix for the user and the role of a bot that tctl creates."""


def identity(settings: Settings, credentials: Credentials, now: datetime) -> Iterator[Check]:
    """Yield rows about the owner and the expiry, and about each file that others can read."""
    left = credentials.expires - now
    until = f"{credentials.expires:%Y-%m-%d %H:%M} UTC"
    detail = f"{credentials.user} in {credentials.cluster}, expires {until}"
    if left < _SOON and not settings.teleport.refresh_identity:
        hint = "Set teleport.refresh_identity, and let tbot renew the file."
        yield warning("identity", f"{detail}, not reloaded", hint)
    else:
        yield ok("identity", detail)
    for path in _files(settings):
        if path.stat().st_mode & S_IROTH:
            detail = f"{path} is readable by everyone on this machine"
            hint = f"Run chmod o-r {path}, unless it's a mounted secret."
            yield warning("identity file", detail, hint)


def is_internal_identity(credentials: Credentials) -> bool:
    """Return whether tbot uses this identity for itself: only with the role named like its user."""
    user = credentials.user
    return user.startswith(_MACHINE_USER) and credentials.roles == (user,)


def internal_identity(credentials: Credentials) -> Check:
    role = credentials.user
    return failure(
        "identity role",
        f"this is tbot's own identity: its only role {role} allows nothing that the bot does",
        "Use the identity that tbot writes to the destination of its service, not tbot's storage."
        " `teleport-chatops teleport-role --tbot` prints a configuration for tbot.",
    )


def server(connection: Connection, cluster: ClusterInfo) -> Check:
    upgraded = connection.mode is ConnectionMode.UPGRADE
    edition = "Enterprise" if cluster.advanced_workflows else "Community Edition"
    return ok(
        "teleport",
        f"{cluster.name}, {edition} {cluster.version},"
        f" {'through a load balancer' if upgraded else 'directly'}",
    )


def full_role_hint(choices: Choices, cluster: ClusterInfo) -> str:
    """Return which role to assign to the bot, and its line that this server rejects, if any."""
    hint = role_hint(choices)
    if line := rejected_line(choices.mode, cluster):
        hint += (
            f" Teleport {cluster.version} doesn't accept its line `{line}`, so choose another mode."
        )
    return hint


def review_mode(
    cluster: ClusterInfo, roles: Sequence[Role] | None, settings: Settings, choices: Choices
) -> tuple[ReviewMode, Check]:
    """Return the mode, and whether it can work here."""
    mode, why = detect_mode(cluster, roles, settings)
    detail = f"{mode}: {why}"
    if mode is ReviewMode.PERSON and not cluster.supports_on_behalf_reviews:
        rejected = f"Teleport {cluster.version} doesn't accept `{rejected_line(mode, cluster)}`"
        hint = f"Set review.mode to auto: {rejected} in a role."
        return mode, failure("review mode", detail, hint)
    if mode is ReviewMode.PERSON and [*missing_permissions(REVIEWS_ON_BEHALF, choices, roles)]:
        detail += "; the bot's role doesn't allow it"
        return mode, failure("review mode", detail, full_role_hint(choices, cluster))
    if mode is ReviewMode.OVERRIDE and not settings.role_to_approvers:
        detail += "; no approvers are set"
        return mode, failure("review mode", detail, "Set role_to_approvers.")
    if mode is not choices.mode:
        return mode, warning("review mode", detail, full_role_hint(choices, cluster))
    if mode is ReviewMode.NOTIFY and settings.review.mode == "auto":
        hint = "Set role_to_approvers to allow reviews from Slack."
        return mode, warning("review mode", detail, hint)
    return mode, ok("review mode", detail)


async def certificate_lifetime(
    teleport: TeleportClient, credentials: Credentials, hint: str
) -> Check:
    name = "certificate lifetime"
    hours = credentials.lifetime.total_seconds() / 3600
    try:
        if not await is_too_short(teleport, credentials):
            return ok(name, f"{hours:.0f} h")
    except TeleportError as error:
        return warning(name, f"can't list the roles: {error}", hint)
    detail = f"{hours:.1f} h, and access that the bot requests ends with the bot's certificate"
    return warning(name, detail, HINT)


async def other_bots(teleport: TeleportClient) -> Check:
    name = "other bots"
    try:
        count = await count_plugin_announcements(teleport)
    except TeleportError as error:
        return warning(name, f"check failed: {error}", "Check the permission rows above.")
    if count:
        detail = f"Teleport's Slack plugin posts requests too ({count} pending)"
        return warning(name, detail, "Stop one of them to avoid duplicate messages.")
    return ok(name, "none found")


def _files(settings: Settings) -> Iterator[Path]:
    for path in (settings.teleport.identity, settings.teleport.client_key):
        if path is not None:
            yield path
